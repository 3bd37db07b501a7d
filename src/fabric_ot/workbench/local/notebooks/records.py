"""What a notebook run leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Displayed:
    """Something that a notebook showed; of a frame the first rows, with whether there were more."""

    value: Any
    is_cut: bool = False


@dataclass(frozen=True)
class NotebookRun:
    """A notebook that ended. `configured` holds what `%%configure` cells asked for: recorded, not applied here."""

    notebook: str
    run_id: str
    exit_value: str
    cells_run: int
    displayed: tuple[Displayed, ...] = ()
    configured: tuple[Mapping[str, Any], ...] = ()
