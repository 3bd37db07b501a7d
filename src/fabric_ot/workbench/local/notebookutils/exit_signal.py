"""How `notebook.exit` ends a run."""

from __future__ import annotations


class NotebookExit(BaseException):
    """Ends the notebook with `value`; no `except Exception` of the notebook can swallow it."""

    def __init__(self, value: str) -> None:
        """Keep the exit value."""
        super().__init__(value)
        self.value = value
