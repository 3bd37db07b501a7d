"""A stand-in for Fabric's `notebookutils`, present only while a notebook runs on this machine."""

from __future__ import annotations

from fabric_ot.workbench.local.notebookutils.credentials import Secrets
from fabric_ot.workbench.local.notebookutils.exit_signal import NotebookExit
from fabric_ot.workbench.local.notebookutils.module import build_module, installed
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace

__all__ = ["NotebookExit", "NotebookPlace", "Secrets", "build_module", "installed"]
