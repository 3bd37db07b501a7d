"""What a run left behind, as plain values that a screen or a program can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fabric_ot.workbench.local.account import Account
from fabric_ot.workbench.local.dax import DaxEngine
from fabric_ot.workbench.local.pipelines import PipelineRun
from fabric_ot.workbench.plant_day.comparison import Check

_GROUPS = (("Asset", "asset_id"), ("Asset", "asset_name"), ("Shift", "shift_id"), ("Date", "date"))
_MEASURES = ("Availability", "Performance", "Quality", "OEE")


@dataclass(frozen=True)
class TableRows:
    """Rows of one table, a hash of its content, and its Delta version."""

    rows: int
    content: str
    version: int


@dataclass(frozen=True)
class PlantDayResult:
    """A run from landed files to the report."""

    pipeline_status: str
    onelake: Path
    tables_before: Mapping[str, TableRows]
    tables: Mapping[str, TableRows]
    account: Account
    checks: tuple[Check, ...] = ()
    oee: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    preview: Path | None = None
    error: str | None = None
    elapsed_s: float = 0.0

    @classmethod
    def failed(
        cls,
        run: PipelineRun,
        onelake: Path,
        before: Mapping[str, TableRows],
        after: Mapping[str, TableRows],
        elapsed_s: float,
    ) -> PlantDayResult:
        """Return the result of a pipeline that did not succeed."""
        account = Account(0, (), ())
        return cls(run.status, onelake, before, after, account, error=run.error, elapsed_s=elapsed_s)

    @property
    def is_good(self) -> bool:
        """Whether the pipeline succeeded, the account balances and everything known was found."""
        return (
            self.pipeline_status == "Succeeded"
            and self.account.is_balanced
            and all(check.holds for check in self.checks)
        )

    @property
    def changed_tables(self) -> tuple[str, ...]:
        """Tables whose content is not what it was before the run."""
        return tuple(
            name
            for name, now in self.tables.items()
            if name not in self.tables_before or self.tables_before[name].content != now.content
        )

    def with_elapsed(self, seconds: float) -> PlantDayResult:
        """Return the result with the wall time of the run."""
        return replace(self, elapsed_s=seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "is_good": self.is_good,
            "pipeline_status": self.pipeline_status,
            "error": self.error,
            "elapsed_s": round(self.elapsed_s, 1),
            "onelake": str(self.onelake),
            "preview": str(self.preview) if self.preview else None,
            "changed_tables": list(self.changed_tables),
            "tables": {name: asdict(table) for name, table in self.tables.items()},
            "account": {**asdict(self.account), "by_outcome": self.account.by_outcome},
            "checks": [{**asdict(check), "holds": check.holds} for check in self.checks],
            "oee": [dict(row) for row in self.oee],
            "warnings": list(self.warnings),
        }


def oee_by_shift(engine: DaxEngine) -> list[dict[str, Any]]:
    """Return the model's measures by asset, shift and production date, under plain column names."""
    rows = engine.evaluate(_MEASURES, group_by=_GROUPS)
    return [
        {
            "asset_id": row["Asset[asset_id]"],
            "asset_name": row["Asset[asset_name]"],
            "shift_id": row["Shift[shift_id]"],
            "production_date": str(row["Date[date]"])[:10],
            **{name.lower(): row[f"[{name}]"] for name in _MEASURES},
        }
        for row in rows
    ]
