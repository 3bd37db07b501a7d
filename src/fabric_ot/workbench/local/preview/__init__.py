"""Report preview: PBIR pages drawn as one HTML file with the engine's values."""

from __future__ import annotations

from fabric_ot.workbench.local.preview.rendering import render_report

__all__ = ["render_report"]
