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


@pytest.fixture(scope="module")
def whole(spark_session, tmp_path_factory):
    """The day in one batch; the first run dies before its last write and is repeated."""
    plant = Plant(spark_session, tmp_path_factory.mktemp("whole"))
    plant.tags("acme/a")
    plant.land("b1", day())
    append = Lakehouse.append

    def dying(self, table, *args, **options):
        if table == "plant.progress":
            message = "the cluster went away"
            raise RuntimeError(message)
        return append(self, table, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lakehouse, "append", dying)
        with pytest.raises(RuntimeError, match="went away"):
            plant.run()
    versions = plant.versions()
    return plant, versions, plant.run()


@pytest.fixture(scope="module")
def split(spark_session, tmp_path_factory):
    """The day in three batches, each message in any of them."""
    plant = Plant(spark_session, tmp_path_factory.mktemp("split"))
    plant.tags("acme/a")
    rows = day()
    Random(3).shuffle(rows)
    for n in range(3):
        plant.land(f"b{n}", rows[n::3])
        plant.run()
    return plant


def test_each_message_of_a_day_has_one_outcome(whole) -> None:
    plant, _, report = whole
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
        # per node: 3 births, 5 of 6 data (one alias of an older session, one redelivery), 2 of 3 deaths
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


def test_a_run_that_died_is_repeated_to_the_same_end(whole) -> None:
    plant, versions, report = whole
    assert None not in versions[:4]
    assert plant.versions()[:4] == versions[:4]
    assert report.notes == ()


def test_a_run_without_new_batches_writes_nothing(whole) -> None:
    plant, _, _ = whole
    before = plant.versions()
    assert plant.run().counts == {"batches": 0}
    assert plant.versions() == before


@pytest.mark.acceptance(1)
def test_any_order_and_batching_gives_the_same_silver(whole, split) -> None:
    assert split.content() == whole[0].content()
    assert split.account() == split.bronze_counts()
    assert split.outcomes() == whole[0].outcomes()
    progress = {(row.step, row.ingest_batch_id) for row in split.silver.read("plant.progress").collect()}
    assert progress == {("reading", f"b{n}") for n in range(3)}


@pytest.mark.acceptance(1)
def test_a_rebuild_gives_what_is_there_and_a_second_delivery_changes_no_reading(whole, split) -> None:
    before = split.versions()
    assert split.run(is_rebuild=True).notes == ("every batch was decoded anew",)
    assert split.versions() == before
    again = [row for row in day() if row.get("route") != "file"]
    split.land("again", [{**row, "route": "hivemq", "source_partition": "f.parquet"} for row in again])
    assert split.run().counts["missing_messages"] == 0
    transport = ("route", "source_partition", "source_offset", "ingest_batch_id")
    assert split.rows("plant.reading", ignore=transport) == whole[0].rows("plant.reading", ignore=transport)
    assert split.account() == split.bronze_counts()
    missing = [row.missing_count or 0 for row in split.silver.read("plant.sparkplug_message").collect()]
    assert sum(missing) == 6


def vector_at(raw: dict[str, bytes], name: str, second: int) -> dict:
    topic = f"spBv1.0/g/{name.partition('_')[0]}/n"
    at = NOON + dt.timedelta(seconds=second)
    return {"topic": topic, "payload": raw[name], "source_offset": second, "broker_time_utc": at}


@pytest.fixture(scope="module")
def story(spark_session, tmp_path_factory, shared_data):
    """Three batches: data without a birth; the birth, and an older arrival; the catalogue, and a correction."""
    vectors = json.loads((shared_data / "sparkplug_umh/test_vectors.json").read_text(encoding="utf-8"))
    raw = {v["name"]: base64.b64decode(v["base64"]) for v in vectors}
    plant, seen = Plant(spark_session, tmp_path_factory.mktemp("story")), []

    def land_and_run(batch: str, rows: list[dict]) -> None:
        plant.land(batch, rows)
        report = plant.run()
        content = {table: plant.silver.read(table).collect() for table in TABLES[:2]}
        seen.append((report, content, plant.outcomes(), plant.account() == plant.bronze_counts()))

    later = {**uns("a", 2.0), "source_offset": 95, "broker_time_utc": NOON + dt.timedelta(minutes=1)}
    land_and_run("b1", [vector_at(raw, "NDATA_BEFORE_BIRTH", 1), later, {**uns("b", "5"), "source_offset": 96}])
    born = ["NBIRTH_V1", "NDATA_V1", "NDEATH_V1", "NDATA_GAP"]
    earlier = {**uns("a", 1.0), "source_offset": 94}
    land_and_run("b2", [*(vector_at(raw, name, n + 2) for n, name in enumerate(born)), earlier])
    plant.tags("acme/a", "acme/b")
    line = {"topic": "reference/tag", "payload": b"acme/a", "route": "file", "source_partition": "reference/tag.csv"}
    newest = {**uns("a", 3.0), "source_offset": 97, "broker_time_utc": NOON + dt.timedelta(minutes=2)}
    land_and_run("b3", [line, newest])
    return raw, seen, plant


def values_of(content: dict, prefix: str) -> list[float]:
    rows = sorted(content["plant.reading"], key=lambda row: row.source_sequence)
    return [row.value_double for row in rows if row.tag_id.startswith(prefix)]


@pytest.mark.acceptance(2)
def test_held_data_is_released_when_the_birth_lands_in_a_later_batch(story) -> None:
    raw, ((_, held, before, is_balanced), (_, released, after, is_balanced_after), _), _ = story
    kept = [(list(row.reasons), bytes(row.payload)) for row in held["plant.quarantine"]]
    assert kept == [(["alias_without_birth"], raw["NDATA_BEFORE_BIRTH"])]
    assert values_of(held, "spBv1.0/") == []
    assert before["sparkplug", "quarantined", "alias_without_birth"] == (1, 0)
    assert released["plant.quarantine"] == []
    assert values_of(released, "spBv1.0/g/n/Temperature") == [25.0, 21.5, 22.5, 27.0]
    sparkplug_outcomes = {key: counts for key, counts in after.items() if key[0] == "sparkplug"}
    assert sparkplug_outcomes == {
        ("sparkplug", "decoded", ""): (4, 4),
        ("sparkplug", "ignored", "stale_death"): (1, 0),
    }
    assert is_balanced
    assert is_balanced_after


def test_an_older_arrival_does_not_supersede_and_a_later_one_does(story) -> None:
    _, seen, _ = story
    assert [values_of(content, "acme/a") for _, content, _, _ in seen] == [[2.0], [2.0], [3.0]]
    assert [report.counts["superseded_in_total"] for report, _, _, _ in seen] == [0, 1, 2]


def test_new_tags_of_the_catalogue_decide_on_readings_that_came_before(story) -> None:
    _, seen, plant = story
    text = [row.value_string for row in seen[1][1]["plant.reading"] if row.tag_id == "acme/b"]
    assert text == ["5"]
    report, content, outcomes, _ = seen[2]
    assert report.notes == ("every batch was decoded anew",)
    assert {row.tag_id: (row.asset_id, row.unit) for row in content["plant.reading"]} == {
        "acme/a": ("m1", "u"),
        "spBv1.0/g/n/Temperature": (None, None),
    }
    assert [list(row.reasons) for row in content["plant.quarantine"]] == [["number_as_text"]]
    assert outcomes["uns_json", "quarantined", "number_as_text"] == (1, 0)
    assert sum(plant.account().values()) == sum(plant.bronze_counts().values()) - 1
