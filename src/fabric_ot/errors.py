"""The error tree of `fabric_ot`: every message says what was wrong, what was found, and what to do.

FabricOTError
├── ContractError            a frame, table or value that breaks its contract
│   ├── ColumnContractError      a column is missing or of the wrong type
│   └── ConfigError              a landing configuration or setting that cannot be used (all problems at once)
├── PlatformError            Fabric, or its local stand-in, refused or failed
│   ├── ItemError                an item definition that cannot be read
│   ├── NotSupportedError        a construct that is refused by name rather than guessed
│   ├── ExpressionError          a pipeline expression
│   ├── PipelineError            a pipeline run
│   ├── NotebookError            a notebook run
│   ├── SqlError                 T-SQL
│   ├── DaxError                 DAX
│   └── FramingError             Direct Lake cannot frame a table
└── MissingDependencyError   an optional extra is not installed
"""

from __future__ import annotations

from collections.abc import Sequence


class FabricOTError(Exception):
    """The root: `except FabricOTError` catches everything this library raises on purpose."""


class ContractError(FabricOTError):
    """A frame, table or value that breaks its contract."""


class ColumnContractError(ContractError):
    """A column is missing or of the wrong type."""

    @classmethod
    def from_missing(cls, where: str, missing: Sequence[str], available: Sequence[str]) -> ColumnContractError:
        """Build the error for columns that a frame does not have.

        Example:
            >>> str(ColumnContractError.from_missing("to_state_intervals", ["ts"], ["asset_id"])).splitlines()[0]
            "to_state_intervals: missing column(s) ['ts']."
        """
        message = (
            f"{where}: missing column(s) {sorted(missing)}.\n"
            f"Available: {sorted(available)}.\n"
            "Hint: rename the column or pass its name as a keyword."
        )
        return cls(message)


class ConfigError(ContractError):
    """A landing configuration or setting that cannot be used; `problems` lists all of them."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        """Join all `problems` found in `where` into one message."""
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{where}: {len(self.problems)} problem(s):\n{lines}")


class PlatformError(FabricOTError):
    """Fabric, or its local stand-in, refused or failed."""


class ItemError(PlatformError):
    """An item definition that cannot be read."""


class NotSupportedError(PlatformError):
    """A construct that the local runtime refuses by name rather than guessing."""


class ExpressionError(PlatformError):
    """A pipeline expression that cannot be parsed or evaluated."""


class PipelineError(PlatformError):
    """A pipeline run that failed or a pipeline that cannot run."""


class NotebookError(PlatformError):
    """A notebook run that failed."""


class SqlError(PlatformError):
    """A T-SQL statement or procedure that failed."""


class DaxError(PlatformError):
    """A DAX expression that cannot be parsed or evaluated."""


class FramingError(PlatformError):
    """Direct Lake cannot frame a table."""


class MissingDependencyError(FabricOTError):
    """An optional extra is not installed."""

    @classmethod
    def for_extra(cls, what: str, extra: str) -> MissingDependencyError:
        """Name the thing that was asked for and the extra that brings it."""
        message = f"{what} needs an optional part. Hint: pip install 'fabric-ot[{extra}]'"
        return cls(message)
