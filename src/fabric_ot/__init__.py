"""Manufacturing (OT) data on Microsoft Fabric: reusable Spark transforms and the workspace items that call them."""

from __future__ import annotations

__version__ = "0.1.0"
