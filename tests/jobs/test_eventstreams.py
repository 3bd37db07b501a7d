"""Bronze: the table that an Eventstream writes becomes messages, each event once, however it is delivered and read."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
from pathlib import Path
from random import Random

import pytest
from delta.tables import DeltaTable

from fabric_ot.contracts.landing import EventstreamTable, LandingConfig, TopicRule
from fabric_ot.jobs.messages import run_messages
from fabric_ot.jobs.progress import landed_batches
from fabric_ot.jobs.readings import run_readings
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.testing import frame

pytestmark = pytest.mark.spark

AS_OF = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
T_MS = 1_772_344_800_123
ENQUEUED = dt.datetime(2026, 3, 1, 6, 0, 40)
COLUMNS = (("topic", "${mqtt-topic}"), ("body", "${mqtt-payload-base64}"), ("received", "${timestamp}"))
RAW = EventstreamTable("plant.raw", COLUMNS, "number")
CONFIG = LandingConfig(topics=(TopicRule("a/#", "uns_json"),), eventstreams=(RAW,))
DDL = (
    "topic string, body string, received bigint, number bigint, PartitionId int, EventEnqueuedUtcTime timestamp, "
    "EventProcessedUtcTime timestamp"
)
NOTHING = {"files_landed": 0, "files_empty": 0, "files_refused": 0, "rows_read": 0, "messages": 0}


def event(number: int | None, said: str | None = "x", *, partition: int | None = 0, minute: int = 0) -> tuple:
    body = None if said is None else base64.b64encode(said.encode()).decode()
    enqueued = ENQUEUED + dt.timedelta(minutes=minute)
    return ("a/b", body, T_MS + 60_000 * minute, number, partition, enqueued, enqueued + dt.timedelta(seconds=1))


class Plant:
    """A bronze lakehouse in a folder, with one Eventstream that appends to its table."""

    def __init__(self, spark, folder: Path, config: LandingConfig = CONFIG) -> None:
        self.spark, self.folder = spark, folder
        self.bronze = self.lakehouse("bronze")
        self.silver = self.lakehouse("silver")
        self.declare(config)

    def lakehouse(self, layer) -> Lakehouse:
        paths = {f"{area.lower()}_path": str(self.folder / layer / area) for area in ("Tables", "Files")}
        return Lakehouse(self.spark, name=f"ot_{layer}", layer=layer, **paths)

    def declare(self, config: LandingConfig) -> None:
        landing = self.folder / "bronze/Files/landing"
        landing.mkdir(parents=True, exist_ok=True)
        (landing / "landing.json").write_text(config.to_json(), encoding="utf-8")

    def table(self, name: str = "raw") -> str:
        return str(self.folder / "bronze/Tables/plant" / name)

    def stream(self, *events: tuple, ddl: str = DDL, name: str = "raw", partition_by: str = "", **properties) -> None:
        rows = frame(self.spark, ddl, list(events)).coalesce(1)
        writer = rows.write.format("delta").mode("append").options(**properties)
        (writer.partitionBy(partition_by) if partition_by else writer).save(self.table(name))

    def run(self, batch: str):
        return run_messages(self.bronze, as_of_utc=AS_OF, batch_id=batch)

    def messages(self) -> list[tuple]:
        rows = self.bronze.read("plant.message").orderBy("source_partition", "source_offset").collect()
        return [(r.source_partition, r.source_offset, bytes(r.payload or b""), r.ingest_batch_id) for r in rows]

    def told(self) -> list[tuple]:
        rows = self.bronze.read("plant.landing_table").orderBy("committed_utc", "ingest_batch_id").collect()
        return [(r.table_version, r.status, r.rows_read, r.messages, r.rows_repeated, r.ingest_batch_id) for r in rows]

    def batches(self) -> set[str]:
        return {row.ingest_batch_id for row in landed_batches(self.bronze).collect()}


@pytest.fixture
def plant(spark, tmp_path: Path) -> Plant:
    return Plant(spark, tmp_path)


@pytest.mark.acceptance(15)
def test_only_new_rows_are_read_and_a_late_event_is_not_lost(plant: Plant) -> None:
    plant.stream(event(10), event(12), event(3, partition=1))
    first = plant.run("b1")
    assert first.counts == {
        **NOTHING, "rows_read": 3, "messages": 3, "rows_repeated": 0,
        "tables_landed": 1, "tables_empty": 0, "tables_refused": 0,
    }  # fmt: skip
    versions = [plant.bronze.version(t) for t in ("plant.message", "plant.landing_table")]
    assert set(plant.run("b2").counts.values()) == {0}
    assert [plant.bronze.version(t) for t in ("plant.message", "plant.landing_table")] == versions

    plant.stream(event(13), event(12))
    plant.stream(event(11, "late"))
    assert plant.run("b3").counts["rows_read"] == 3, "rows that were read before are not read again"
    place = "Tables/plant/raw"
    assert plant.messages() == [
        (f"{place}/0", 10, b"x", "b1"), (f"{place}/0", 11, b"late", "b3"), (f"{place}/0", 12, b"x", "b1"),
        (f"{place}/0", 13, b"x", "b3"), (f"{place}/1", 3, b"x", "b1"),
    ]  # fmt: skip
    assert plant.told() == [(0, "landed", 3, 3, 0, "b1"), (2, "landed", 3, 2, 1, "b3")]
    row = plant.bronze.read("plant.message").where("source_offset = 11").collect()[0]
    assert (row.route, row.source_file, row.enqueued_time_utc) == ("eventstream", place, ENQUEUED)
    assert plant.batches() == {"b1", "b3"}


def test_any_order_and_batching_of_the_events_gives_the_same_messages(spark, tmp_path: Path) -> None:
    events = [event(n, f"{n}", minute=n % 5) for n in range(12)]
    events += [event(None, f"{n}", partition=n % 2, minute=n) for n in range(4)]
    found = []
    for seed in range(3):
        plant, rng = Plant(spark, tmp_path / str(seed)), Random(seed)
        sent = [*events, *rng.sample(events, 6)]
        rng.shuffle(sent)
        for n, start in enumerate(range(0, len(sent), 11)):
            plant.stream(*sent[start : start + 11])
            plant.run(f"b{n}")
        found.append([key[:3] for key in plant.messages()])
        assert sum(row[2] for row in plant.told()) == len(sent)
        assert sum(row[3] for row in plant.told()) == len(events)
    assert found[0] == found[1] == found[2]


def test_an_event_without_a_number_or_partition_is_a_message_once(plant: Plant) -> None:
    text = DDL.replace("number bigint", "number string")
    odd = [event(number, said) for number, said in (("7", "seven"), ("7a", "odd"), (None, "none"), ("9" * 19, "long"))]
    plant.stream(*odd, event("7", "nowhere", partition=None), event("8", None), ddl=text)
    plant.run("b1")
    plant.stream(*odd, event("7", "nowhere", partition=None), event(None, "none", minute=1), ddl=text)
    plant.run("b2")
    by_content = sorted(said for place, _, said, _ in plant.messages() if place == "Tables/plant/raw/by_content")
    assert by_content == [b"long", b"none", b"none", b"nowhere", b"odd"]
    assert [key[1:3] for key in plant.messages() if key[0].endswith("/0")] == [(7, b"seven"), (8, b"")]
    assert plant.told() == [(0, "landed", 6, 6, 0, "b1"), (1, "landed", 6, 1, 5, "b2")]


def test_an_event_hub_that_counts_from_the_start_again_loses_nothing(plant: Plant) -> None:
    plant.stream(event(0, "old"), event(1, "old"))
    plant.run("b1")
    plant.stream(event(0, "new", minute=9), event(1, "old"), event(0, "new", minute=9))
    plant.run("b2")
    assert plant.told()[-1] == (1, "landed", 3, 1, 2, "b2")
    assert [(place.rpartition("/")[2], said) for place, _, said, _ in plant.messages()] == [
        ("0", b"old"), ("0", b"old"), ("by_content", b"new"),
    ]  # fmt: skip
    shutil.rmtree(plant.folder / "bronze/Tables/plant/landing_table")
    plant.run("b3")
    assert len(plant.messages()) == 3, "a repeated run finds its messages again"


def test_a_rewritten_table_and_one_that_was_made_anew_bring_no_event_twice(plant: Plant) -> None:
    for number in range(3):
        plant.stream(event(number))
    plant.run("b1")
    plant.stream(event(3))
    DeltaTable.forPath(plant.spark, plant.table()).optimize().executeCompaction()
    DeltaTable.forPath(plant.spark, plant.table()).delete("number = 0")
    assert plant.run("b2").counts["messages"] == 1
    shutil.rmtree(plant.table())
    plant.stream(event(3), event(4))
    assert plant.run("b3").counts["messages"] == 1
    assert [(number, batch) for _, number, _, batch in plant.messages()] == [
        (0, "b1"), (1, "b1"), (2, "b1"), (3, "b2"), (4, "b3"),
    ]  # fmt: skip
    assert set(plant.run("b4").counts.values()) == {0}


@pytest.mark.parametrize("kind", ["partitioned", "mapped columns", "deletion vectors"])
def test_new_rows_are_found_in_any_kind_of_table(plant: Plant, kind: str) -> None:
    options = {"partition_by": "topic"} if kind == "partitioned" else {}
    name = ("a b+c%d", *event(5)[1:]) if kind == "partitioned" else event(5)
    plant.stream(event(0), event(1), name, **options)
    features = {
        "mapped columns": "'delta.columnMapping.mode' = 'name'",
        "deletion vectors": "'delta.enableDeletionVectors' = true",
    }.get(kind)
    if features:
        upgrade = "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'" if kind == "mapped columns" else ""
        properties = ", ".join(filter(None, (upgrade, features)))
        plant.spark.sql(f"ALTER TABLE delta.`{plant.table()}` SET TBLPROPERTIES ({properties})")
    plant.run("b1")
    plant.stream(event(2), event(3), **options)
    plant.stream(("a b+c%d", *event(4)[1:]), **options)
    DeltaTable.forPath(plant.spark, plant.table()).delete("number = 3")
    read = plant.run("b2").counts
    assert (read["rows_read"], read["messages"]) == (2, 2)
    assert [number for _, number, _, _ in plant.messages()] == [0, 1, 2, 4, 5]


def test_a_table_that_does_not_fit_is_refused_once_and_lands_when_the_declaration_does(plant: Plant) -> None:
    lacking = EventstreamTable("plant.lacking", (*COLUMNS, ("quality", "${mqtt-qos}")), "sequence")
    plant.declare(LandingConfig(eventstreams=(lacking, RAW)))
    wrong = DDL.replace("received bigint", "received string").replace("PartitionId int", "PartitionId double")
    plant.stream(event(0), name="lacking")
    plant.stream(("a/b", "eA==", "noon", 1, 0.0, *event(1)[5:]), ddl=wrong)
    report = plant.run("b1")
    assert report.counts["tables_refused"] == 2
    assert [note.partition(": ")[0] for note in report.notes] == ["Tables/plant/lacking", "Tables/plant/raw"]
    assert "column(s) ['sequence', 'quality'] are missing; the table has ['EventEnqueued" in report.notes[0]
    assert "column 'PartitionId' is double, where PartitionId needs one of" in report.notes[1]
    assert "column 'received' is string, where broker_time_ms needs one of ['bigint', 'timestamp']" in report.notes[1]
    assert set(plant.run("b2").counts.values()) == {0}
    plant.declare(LandingConfig(eventstreams=(EventstreamTable("plant.lacking", COLUMNS, "number"), RAW)))
    assert plant.run("b3").counts["messages"] == 1
    assert plant.messages() == [("Tables/plant/lacking/0", 0, b"x", "b3")]


def test_a_table_that_cannot_be_read_stops_no_other_and_is_tried_again(plant: Plant) -> None:
    other = EventstreamTable("plant.other", COLUMNS, "number")
    plant.declare(LandingConfig(eventstreams=(RAW, other)))
    plant.stream(event(0))
    plant.stream(event(5), name="other")
    (data,) = Path(plant.table()).glob("*.parquet")
    aside = data.rename(data.with_suffix(".aside"))
    report = plant.run("b1")
    assert (report.counts["tables_refused"], report.counts["messages"]) == (1, 1)
    assert "Tables/plant/raw: cannot be read: " in report.notes[0]
    aside.rename(data)
    assert plant.run("b2").counts["messages"] == 1
    assert [(number, batch) for _, number, _, batch in plant.messages()] == [(5, "b1"), (0, "b2")]


def test_a_table_that_is_not_there_is_noted_and_without_a_declaration_nothing_is_asked(plant: Plant) -> None:
    report = plant.run("b1")
    assert set(report.counts.values()) == {0}
    assert report.notes == ("Tables/plant/raw: not there yet; the Eventstream makes it with its first event",)
    plant.declare(LandingConfig())
    plant.stream(event(0))
    silent = plant.run("b2")
    assert (silent.counts, silent.notes) == (NOTHING, ())
    assert plant.bronze.version("plant.landing_table") is None


def test_a_run_that_died_is_repeated_without_repeating_messages_and_both_batches_are_known(plant: Plant) -> None:
    plant.stream(event(0), event(1))
    real = plant.bronze.append
    plant.bronze.append = lambda table, rows: (_ for _ in ()).throw(RuntimeError("power cut"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="power cut"):
        plant.run("b1")
    plant.bronze.append = real  # type: ignore[method-assign]
    plant.stream(event(2), event(0))
    report = plant.run("b2")
    assert (report.counts["rows_read"], report.counts["messages"]) == (4, 1)
    assert plant.told() == [(1, "landed", 2, 2, 0, "b1"), (1, "landed", 2, 1, 1, "b2")]
    assert plant.batches() == {"b1", "b2"}
    assert [batch for *_, batch in plant.messages()] == ["b1", "b1", "b2"]


@pytest.mark.acceptance(15)
def test_every_row_is_decoded_quarantined_or_ignored_by_name(plant: Plant) -> None:
    good = '{"timestamp_ms": 1772344800000, "value": 1}'
    plant.stream(event(0, good), event(1, None), event(2, "{"), event(None, good.replace("1}", "2}")), event(0, good))
    plant.stream(("b/c", *event(4, good)[1:]))
    report = plant.run("b1")
    assert (report.counts["rows_read"], report.counts["messages"], report.counts["rows_repeated"]) == (6, 5, 1)
    run_readings(plant.bronze, plant.silver, as_of_utc=AS_OF)
    audit = plant.silver.read("plant.batch_audit").collect()
    assert {(r.route, r.decoder, r.outcome, r.reason): r.message_count for r in audit} == {
        ("eventstream", "uns_json", "decoded", ""): 2,
        ("eventstream", "uns_json", "quarantined", "empty_payload"): 1,
        ("eventstream", "uns_json", "quarantined", "invalid_json"): 1,
        ("eventstream", "none", "quarantined", "unknown_topic"): 1,
    }
