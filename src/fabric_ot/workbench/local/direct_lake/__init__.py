"""Direct Lake on OneLake: partitions bound to Delta tables and checked as a refresh in Fabric would."""

from __future__ import annotations

from fabric_ot.workbench.local.direct_lake.framing import FramedModel, frame_model

__all__ = ["FramedModel", "frame_model"]
