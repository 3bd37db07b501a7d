"""An analysis that finds nothing to analyze still leaves the tables that gold reads by shortcut."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fabric_ot.contracts import find_table
from fabric_ot.jobs.energy import run_energy
from fabric_ot.jobs.kpis import run_kpis
from fabric_ot.jobs.maintenance import run_maintenance
from fabric_ot.jobs.quality_control import run_quality_control
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.workbench.items.lakehouse import load_lakehouse

pytestmark = pytest.mark.spark

AS_OF = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
JOBS = {
    "nb_silver_energy": run_energy,
    "nb_silver_quality": run_quality_control,
    "nb_silver_maintenance": run_maintenance,
    "nb_silver_kpi": run_kpis,
}


def test_gold_finds_every_table_of_the_analysis(spark, tmp_path: Path, repository_root: Path) -> None:
    silver = Lakehouse(
        spark, name="ot_silver", layer="silver", tables_path=str(tmp_path / "T"), files_path=str(tmp_path / "F")
    )
    for run in JOBS.values():
        run(silver, as_of_utc=AS_OF)
    shortcuts = load_lakehouse(repository_root / "lakehouses/gold/ot_gold_shortcuts.Lakehouse").shortcuts
    read = [find_table("silver", f"plant.{shortcut.name}") for shortcut in shortcuts]
    analyzed = [table.full_name for table in read if table.written_by in JOBS]
    assert len(analyzed) == 6
    assert {name: silver.version(name) for name in analyzed} == dict.fromkeys(analyzed, 0)
