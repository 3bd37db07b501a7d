"""Reference rows become tables once; late parents release them; every message is accounted for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fabric_ot.contracts.landing import CsvMapping, LandingConfig
from fabric_ot.jobs.reference import run_reference
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.transforms.reference.entities import ENTITIES, default_mapping

pytestmark = pytest.mark.spark

AS_OF = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SINCE = "2026-01-01T00:00:00Z"
FIRST = {
    "site": ["berlin,Berlin,Europe/Berlin", "berlin,Berlin (new),Europe/Berlin", "mars,Mars,Mars/Olympus"],
    "state_category": ["execute,production"],
    "product": [f"P,Product,1,{SINCE}", "P,Product,2,2026-02-01T00:00:00Z"],
    "asset": [f"oven,Oven,berlin,,,{SINCE}", f"press,Press,denver,,,{SINCE}"],
    "shift": ["berlin,day,Day,06:00,14:00"],
    "tag": [f"t/state,oven,state,string,,,{SINCE}", f"p/state,press,state,string,,,{SINCE}"],
    "shift_stop": ["berlin,day,lunch,Break,11:30,1800"],
    "work_order": ["W1,oven,berlin,day,P,2026-02-28,10,9,1.5", "W2,press,berlin,day,P,2026-02-28,10,7,1"],
    "country": ["DE"],
}
SECOND = {"site": ["denver,Denver,America/Denver"], "product": [f"P,Product,3,{SINCE}"]}


NOT_MQTT = (None, None, None, None)


class Plant:
    """A bronze and a silver lakehouse, and a way to land reference lines."""

    def __init__(self, spark, folder: Path, config: LandingConfig) -> None:
        self.bronze, self.silver = (
            Lakehouse(
                spark,
                name=f"ot_{layer}",
                layer=layer,
                tables_path=str(folder / layer / "Tables"),
                files_path=str(folder / layer / "Files"),
            )
            for layer in ("bronze", "silver")
        )
        landing = folder / "bronze" / "Files" / "landing"
        landing.mkdir(parents=True)
        (landing / "landing.json").write_text(config.to_json(), encoding="utf-8")

    def land(self, batch: str, lines: dict[str, list[str]]) -> None:
        path = f"{batch}.csv"
        rows = [
            ("file", f"{entity}/{path}", n, f"reference/{entity}", line.encode(), *NOT_MQTT, AS_OF, path, batch)
            for entity, found in lines.items()
            for n, line in enumerate(found)
        ]
        self.bronze.append("plant.message", self.bronze.frame("plant.message", rows))
        landed = [(path, 1, AS_OF, "file", len(rows), "landed", None, batch, AS_OF)]
        self.bronze.append("plant.landing_file", self.bronze.frame("plant.landing_file", landed))

    def run(self) -> dict[str, int]:
        return dict(self.report().counts)

    def report(self) -> JobReport:
        return run_reference(self.bronze, self.silver, as_of_utc=AS_OF)

    def versions(self) -> dict[str, int | None]:
        tables = [*ENTITIES, "quarantine", "batch_audit", "progress"]
        return {name: self.silver.version(f"plant.{name}") for name in tables}

    def values(self, table: str, *columns: str) -> list[tuple]:
        return sorted(tuple(row) for row in self.silver.read(f"plant.{table}").select(*columns).collect())

    def refused(self) -> dict[tuple[str, int], list[str]]:
        rows = self.silver.read("plant.quarantine").collect()
        return {(row.topic.split("/")[1], row.source_offset): row.reasons for row in rows}


def test_reference_rows_become_tables_and_late_parents_release_what_was_refused(spark, tmp_path: Path) -> None:
    plant = Plant(spark, tmp_path, LandingConfig(csv=tuple(default_mapping(entity) for entity in ENTITIES)))
    plant.land("b1", FIRST)
    report = plant.report()
    assert report.notes == ("1 row(s) of plant.work_order: warning quantities_do_not_add_up",), (
        "of those that are taken"
    )
    assert ("W1", 10.0, 9.0, 1.5) in plant.values(
        "work_order", "work_order_id", "produced_qty", "good_qty", "scrap_qty"
    )
    assert plant.values("site", "site_id", "site_name") == [("berlin", "Berlin (new)")], "the last row of a key wins"
    versions = plant.values("product", "ideal_cycle_s", "is_current")
    assert versions == [(1.0, False), (2.0, True)]
    fits, found = ["row_does_not_fit_mapping"], ["reference_not_found"]
    assert plant.refused() == {
        ("site", 2): fits, ("asset", 1): found, ("tag", 1): found, ("work_order", 1): found, ("country", 0): fits,
    }  # fmt: skip
    audit = plant.values("batch_audit", "ingest_batch_id", "route", "decoder", "outcome", "reason", "message_count")
    assert audit == [
        ("b1", "file", "reference", "decoded", "", 10),
        ("b1", "file", "reference", "quarantined", "reference_not_found", 3),
        ("b1", "file", "reference", "quarantined", "row_does_not_fit_mapping", 2),
    ]
    assert sum(row[-1] for row in audit) == plant.bronze.count("plant.message")

    before = plant.versions()
    assert plant.run() == {"batches": 0}
    assert plant.versions() == before, "a second run writes nothing"

    plant.land("b2", SECOND)
    plant.run()
    assert plant.refused() == {
        ("site", 2): fits, ("work_order", 1): ["reference_mismatch"], ("country", 0): fits,
    }, "its asset is known now, and stands at another site"  # fmt: skip
    assert plant.values("tag", "tag_id", "asset_id") == [("p/state", "press"), ("t/state", "oven")]
    assert plant.values("namespace", "tag_id", "enterprise", "site", "tag_name") == [
        ("p/state", "p", None, "state"), ("t/state", "t", None, "state"),
    ]  # fmt: skip
    assert plant.values("product", "ideal_cycle_s") == [(2.0,), (3.0,)], "the later arrival of one instant wins"
    audit = plant.values("batch_audit", "ingest_batch_id", "outcome", "message_count")
    assert audit == [("b1", "decoded", 12), ("b1", "quarantined", 1), ("b1", "quarantined", 2), ("b2", "decoded", 2)]
    assert plant.versions()["shift"] == before["shift"], "tables that come out as they were stay untouched"
    assert plant.values("progress", "step", "ingest_batch_id") == [("reference", "b1"), ("reference", "b2")]


def test_a_mapping_that_cannot_be_used_refuses_its_own_rows_only(spark, tmp_path: Path) -> None:
    broken = CsvMapping("site", "reference", "reference/site*.csv", ("site_id", "site_name"))
    plant = Plant(spark, tmp_path, LandingConfig(csv=(broken,)))
    plant.land("b1", {"site": ["berlin,Berlin"], "state_category": ["HELD,unplanned_down"]})
    plant.run()
    assert plant.refused() == {("site", 0): ["row_does_not_fit_mapping"]}
    assert plant.values("quarantine", "detail") == [
        ("the header lacks column(s) ['time_zone'], found ['site_id', 'site_name']",)
    ]
    assert plant.values("state_category", "state") == [("HELD",)]
