"""The page of the KPIs: each KPI once, with its formula; each input has a table that exists."""

from __future__ import annotations

import re
from pathlib import Path

from fabric_ot.contracts import find_table
from fabric_ot.transforms.production.kpis import KPIS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formulas" / "kpis.md").read_text(encoding="utf-8")
INPUTS, KPI_ROWS = (
    re.findall(r"^\| (`.+`) \| (.+) \| (.+) \|$", part, re.MULTILINE)
    for part in PAGE.split("## Inputs")[1].split("## What is declared")[0].split("## KPIs")
)
CAPABILITIES = {"cm": "pp", "cmk": "ppk", "cp": "cp", "cpk": "cpk"}


def named(text: str) -> list[str]:
    return re.findall(r"`([a-z0-9_.]+)`", text)


def test_each_kpi_is_on_the_page_with_its_formula_and_its_inputs() -> None:
    assert [named(name)[0] for name, _, _ in KPI_ROWS] == list(KPIS)
    for name, formula, inputs in KPI_ROWS:
        kpi = KPIS[named(name)[0]]
        assert formula == kpi.formula
        wanted = [CAPABILITIES[kpi.name], "plant.process_capability"] if kpi.name in CAPABILITIES else list(kpi.inputs)
        assert named(inputs) == wanted


def test_each_input_is_on_the_page_with_a_table_that_exists() -> None:
    told = [name for names, _, _ in INPUTS for name in named(names)]
    assert len(told) == len(set(told))
    assert set(told) == {i for kpi in KPIS.values() if kpi.name not in CAPABILITIES for i in kpi.inputs}
    tables = {table for _, _, source in INPUTS for table in named(source) if table.startswith("plant.")}
    assert len(tables) >= 8
    assert all(find_table("silver", table) for table in tables)
