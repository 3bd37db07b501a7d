"""The reading step on a small lakehouse: any batching gives the same silver, replay is free, the account adds up."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from random import Random

import pytest

from fabric_ot.contracts.landing import CsvMapping, CsvValue, LandingConfig, TopicRule
from fabric_ot.contracts.sparkplug import payload_class
from fabric_ot.jobs.readings import run_readings
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.testing import NOON, NOON_MS, message

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(
    topics=(TopicRule("spBv1.0/#", "sparkplug"), TopicRule("acme/#", "uns_json")),
    csv=(
        CsvMapping("meter", "historian", "historian/*.csv", ("t", "kwh"), timestamp_column="t",
                   timestamp_format="yyyy-MM-dd HH:mm", values=(CsvValue("kwh", "meter/kwh", "kWh"),)),
        CsvMapping("tag", "reference", "reference/tag*.csv", ("tag_id",)),
    ),
)  # fmt: skip
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
TABLES = ("plant.reading", "plant.quarantine", "plant.sparkplug_message", "plant.batch_audit", "plant.progress")


class Plant:
    """A bronze and a silver lakehouse in one folder."""

    def __init__(self, spark, folder: Path) -> None:
        self.bronze = self._lakehouse(spark, folder, "bronze")
        self.silver = self._lakehouse(spark, folder, "silver")
        landing = folder / "bronze" / "Files" / "landing"
        landing.mkdir(parents=True)
        (landing / "landing.json").write_text(CONFIG.to_json(), encoding="utf-8")

    def _lakehouse(self, spark, folder: Path, layer: str) -> Lakehouse:
        base = folder / layer
        return Lakehouse(
            spark, name=f"ot_{layer}", layer=layer, tables_path=str(base / "Tables"), files_path=str(base / "Files")
        )

    def land(self, batch: str, rows: list[dict]) -> None:
        built = [message(**{**row, "ingest_batch_id": batch}) for row in rows]
        self.bronze.append("plant.message", self.bronze.frame("plant.message", built))

    def tags(self, *tag_ids: str, data_type: str = "double") -> None:
        rows = [(t, "m1", "measure", data_type, "u", None, LONG_AGO, None, True) for t in tag_ids]
        self.silver.replace("plant.tag", self.silver.frame("plant.tag", rows))

    def run(self, **options):
        return run_readings(self.bronze, self.silver, as_of_utc=NOON, **options)

    def versions(self) -> list[int | None]:
        return [self.silver.version(table) for table in TABLES]

    def rows(self, table: str, *, ignore: tuple[str, ...] = ()) -> list[tuple]:
        kept = self.silver.read(table).drop(*ignore)
        return sorted((tuple(row) for row in kept.collect()), key=repr)

    def content(self, *, ignore: tuple[str, ...] = ("ingest_batch_id",)) -> dict[str, list[tuple]]:
        return {table: self.rows(table, ignore=ignore) for table in TABLES[:3]}

    def account(self) -> dict[tuple, int]:
        return {(r.ingest_batch_id, r.route): r.n for r in self._account_rows(self.silver, "plant.batch_audit")}

    def bronze_counts(self) -> dict[tuple, int]:
        rows = self.bronze.read("plant.message").groupBy("ingest_batch_id", "route").count().collect()
        return {(r.ingest_batch_id, r.route): r["count"] for r in rows}

    def _account_rows(self, lakehouse: Lakehouse, table: str):
        from pyspark.sql import functions as sf

        grouped = lakehouse.read(table).groupBy("ingest_batch_id", "route")
        return grouped.agg(sf.sum("message_count").alias("n")).collect()

    def outcomes(self) -> dict[tuple, tuple[int, int]]:
        rows = self.silver.read("plant.batch_audit").collect()
        found: dict[tuple, tuple[int, int]] = {}
        for r in rows:
            key = (r.decoder, r.outcome, r.reason)
            messages, values = found.get(key, (0, 0))
            found[key] = (messages + r.message_count, values + r.value_count)
        return found


@pytest.fixture
def plant(spark, tmp_path: Path) -> Plant:
    return Plant(spark, tmp_path)


def sparkplug(*metrics: dict, seq: int | None = None) -> bytes:
    built = payload_class()(timestamp=NOON_MS)
    if seq is not None:
        built.seq = seq
    for fields in metrics:
        built.metrics.add(**fields)
    return built.SerializeToString()


def birth(seq: int, session: int, alias: int, name: str) -> bytes:
    named = {"name": name, "alias": alias, "datatype": 10, "double_value": float(session)}
    return sparkplug({"name": "bdSeq", "long_value": session}, named, seq=seq)


def data(seq: int, alias: int, value: float) -> bytes:
    return sparkplug({"alias": alias, "double_value": value}, seq=seq)


def death(session: int) -> bytes:
    return sparkplug({"name": "bdSeq", "long_value": session})


def uns(topic: str, value: object, at_ms: int = NOON_MS, **members: object) -> dict:
    text = json.dumps({"timestamp_ms": at_ms, "value": value, **members})
    return {"topic": f"acme/{topic}", "payload": text.encode()}


def arriving(rows: list[dict]) -> list[dict]:
    """Give each message its place: one partition, one second after the other."""
    return [
        {"source_offset": n, "broker_time_utc": NOON + dt.timedelta(seconds=n), **row} for n, row in enumerate(rows)
    ]


def node_story(node: str) -> list[dict]:
    sent = [
        ("NDATA", data(9, 1, 0.5)), ("NBIRTH", birth(0, 1, 1, "t")), ("NDATA", data(1, 1, 1.5)),
        ("NDATA", data(5, 1, 2.5)), ("NDATA", data(5, 1, 2.5)), ("NDEATH", death(7)), ("NDEATH", death(1)),
        ("NBIRTH", birth(0, 2, 2, "t")), ("NDATA", data(1, 1, 3.5)), ("NDATA", data(2, 2, 4.5)),
        ("NCMD", sparkplug()), ("NBIRTH", birth(3, 3, 3, "t")), ("NDATA", data(4, 3, 5.5)), ("NDATA", b"\xff"),
        ("NDEATH", death(3)),
    ]  # fmt: skip
    return [{"topic": f"spBv1.0/g/{kind}/{node}", "payload": payload} for kind, payload in sent]


def day() -> list[dict]:
    """A little of everything, in order of arrival."""
    json_rows = [
        uns("a", 1.0), uns("a", 2.0), uns("a", 3.0, sequence=1), uns("b", "x"), uns("a", "9"), uns("c", None),
        {"topic": "acme/a", "payload": b"{"}, {"topic": "other", "payload": b"1"},
        {"topic": "spBv1.0/STATE/h", "payload": b"{}"}, {"topic": "spBv1.0/g/NDATA/n/d", "payload": b""},
        {**uns("a", 4.0), "is_retained": True},
    ]  # fmt: skip
    mixed = [row for pair in zip(node_story("n1"), node_story("n2"), strict=True) for row in pair]
    live = arriving(json_rows + mixed)
    lines = [b"2026-03-01 10:00,5", b"2026-03-01 10:00,6", b"2026-03-01 10:15,", b"rubbish"]
    files = [
        {"topic": "historian/meter", "payload": line, "route": "file", "source_partition": "h.csv",
         "source_offset": n, "broker_time_utc": None}
        for n, line in enumerate(lines)
    ]  # fmt: skip
    return live + files


def test_a_day_is_decoded_accounted_for_and_replayed_for_free(plant: Plant) -> None:
    plant.tags("acme/a")
    plant.land("b1", day())
    report = plant.run()
    assert plant.account() == plant.bronze_counts()
    assert plant.outcomes() == {
        ("uns_json", "decoded", ""): (4, 4),
        ("uns_json", "quarantined", "number_as_text"): (1, 0),
        ("uns_json", "quarantined", "value_is_null"): (1, 0),
        ("uns_json", "quarantined", "invalid_json"): (1, 0),
        ("uns_json", "ignored", "retained"): (1, 0),
        ("none", "quarantined", "unknown_topic"): (1, 0),
        ("sparkplug", "ignored", "host_state"): (1, 0),
        ("sparkplug", "quarantined", "illegal_sparkplug_topic"): (1, 0),
        ("historian", "decoded", ""): (2, 2),
        ("historian", "quarantined", "value_is_null"): (1, 0),
        ("historian", "quarantined", "row_does_not_fit_mapping"): (1, 0),
        # per node: 3 births, 5 data of which one of an older session, one redelivery, 2 valid and 1 stale death
        ("sparkplug", "decoded", ""): (20, 20),
        ("sparkplug", "quarantined", "alias_without_birth"): (2, 0),
        ("sparkplug", "quarantined", "invalid_protobuf"): (2, 0),
        ("sparkplug", "ignored", "redelivery"): (2, 0),
        ("sparkplug", "ignored", "stale_death"): (2, 0),
        ("sparkplug", "ignored", "command"): (2, 0),
    }
    assert report.counts["messages"] == len(day())
    assert (report.counts["missing_messages"], report.counts["superseded_in_total"]) == (6, 1)
    assert plant.silver.count("plant.reading") == 25
    before = plant.versions()
    assert plant.run().counts == {"batches": 0}
    assert plant.versions() == before
    again = plant.run(is_rebuild=True)
    assert plant.versions() == before
    assert again.notes == ("every batch was decoded anew",)


def test_any_order_and_batching_gives_the_same_silver(spark, tmp_path: Path) -> None:
    whole = Plant(spark, tmp_path / "whole")
    whole.tags("acme/a")
    whole.land("b1", day())
    whole.run()
    split = Plant(spark, tmp_path / "split")
    split.tags("acme/a")
    rows = day()
    Random(3).shuffle(rows)
    for n in range(4):
        split.land(f"b{n}", rows[n::4])
        split.run()
    assert split.content() == whole.content()
    assert split.account() == split.bronze_counts()
    totals = {key: counts for key, counts in split.outcomes().items() if counts[0]}
    assert totals == whole.outcomes()
    rebuilt = split.versions()
    split.run(is_rebuild=True)
    assert split.versions() == rebuilt


def test_everything_twice_by_the_other_route_changes_no_reading(spark, tmp_path: Path) -> None:
    once, twice = (Plant(spark, tmp_path / name) for name in ("once", "twice"))
    rows = [row for row in day() if row.get("route") != "file"]
    once.land("b1", rows)
    once.run()
    twice.land("b1", rows)
    twice.run()
    twice.land("b2", [{**row, "route": "hivemq", "source_partition": "f.parquet"} for row in rows])
    twice.run()
    transport = ("route", "source_partition", "source_offset", "ingest_batch_id")
    assert twice.rows("plant.reading", ignore=transport) == once.rows("plant.reading", ignore=transport)
    assert twice.account() == twice.bronze_counts()
    gaps = [
        sum(row.missing_count or 0 for row in plant.silver.read("plant.sparkplug_message").collect())
        for plant in (once, twice)
    ]
    assert gaps == [6, 6]


def test_held_data_is_released_when_the_birth_lands_in_a_later_batch(plant: Plant, shared_data) -> None:
    vectors = json.loads((shared_data / "sparkplug_umh/test_vectors.json").read_text(encoding="utf-8"))
    raw = {v["name"]: base64.b64decode(v["base64"]) for v in vectors}

    def sent(name: str, second: int) -> dict:
        kind = name.partition("_")[0]
        at = NOON + dt.timedelta(seconds=second)
        return {"topic": f"spBv1.0/g/{kind}/n", "payload": raw[name], "source_offset": second, "broker_time_utc": at}

    plant.land("b1", [sent("NDATA_BEFORE_BIRTH", 1)])
    plant.run()
    held = plant.silver.read("plant.quarantine").collect()
    assert [(list(row.reasons), bytes(row.payload)) for row in held] == [
        (["alias_without_birth"], raw["NDATA_BEFORE_BIRTH"])
    ]
    assert plant.silver.count("plant.reading") == 0
    later = ["NBIRTH_V1", "NDATA_V1", "NDEATH_V1", "NDATA_GAP"]
    plant.land("b2", [sent(name, n + 2) for n, name in enumerate(later)])
    plant.run()
    assert plant.silver.count("plant.quarantine") == 0
    readings = plant.silver.read("plant.reading").orderBy("source_sequence").collect()
    assert [(row.tag_id, row.value_double) for row in readings] == [
        ("spBv1.0/g/n/Temperature", value) for value in (25.0, 21.5, 22.5, 27.0)
    ]
    assert plant.outcomes() == {
        ("sparkplug", "decoded", ""): (4, 4),
        ("sparkplug", "ignored", "stale_death"): (1, 0),
    }
    assert plant.account() == plant.bronze_counts() == {("b1", "event_hubs"): 1, ("b2", "event_hubs"): 4}


def test_new_tags_of_the_catalogue_decide_on_readings_that_came_before(plant: Plant) -> None:
    plant.land("b1", arriving([uns("a", "5"), uns("b", 6.0)]))
    plant.run()
    assert {row[0]: row[3] for row in plant.rows("plant.reading")} == {"acme/a": None, "acme/b": None}
    plant.tags("acme/a", "acme/b")
    line = {"topic": "reference/tag", "payload": b"acme/a", "route": "file", "source_partition": "reference/tag.csv"}
    plant.land("b2", [line])
    report = plant.run()
    assert report.notes == ("every batch was decoded anew",)
    found = plant.silver.read("plant.reading").collect()
    assert [(row.tag_id, row.asset_id, row.unit) for row in found] == [("acme/b", "m1", "u")]
    assert [list(row.reasons) for row in plant.silver.read("plant.quarantine").collect()] == [["number_as_text"]]
    assert plant.account() == {("b1", "event_hubs"): 2}


def test_a_late_correction_supersedes_and_an_older_arrival_does_not(plant: Plant) -> None:
    later, earlier = uns("a", 2.0), uns("a", 1.0)
    at = NOON + dt.timedelta(minutes=1)
    plant.land("b1", [{**later, "source_offset": 5, "broker_time_utc": at}])
    plant.run()
    plant.land("b2", [{**earlier, "source_offset": 4}])
    plant.run()
    newest = {**uns("a", 3.0), "source_offset": 6, "broker_time_utc": at + dt.timedelta(seconds=1)}
    assert [row.value_double for row in plant.silver.read("plant.reading").collect()] == [2.0]
    plant.land("b3", [newest])
    report = plant.run()
    assert [row.value_double for row in plant.silver.read("plant.reading").collect()] == [3.0]
    assert report.counts["superseded_in_total"] == 2


def test_a_run_that_dies_before_its_last_write_is_repeated_to_the_same_end(plant: Plant, monkeypatch) -> None:
    plant.land("b1", day())
    merge = Lakehouse.merge

    def dying(self, table, *args, **options):
        if table == "plant.progress":
            message = "the cluster went away"
            raise RuntimeError(message)
        return merge(self, table, *args, **options)

    monkeypatch.setattr(Lakehouse, "merge", dying)
    with pytest.raises(RuntimeError, match="went away"):
        plant.run()
    written, versions = plant.content(ignore=()), plant.versions()
    monkeypatch.undo()
    plant.run()
    assert plant.content(ignore=()) == written
    assert plant.versions()[:4] == versions[:4]
    assert plant.account() == plant.bronze_counts()
