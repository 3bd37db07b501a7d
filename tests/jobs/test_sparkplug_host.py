"""The simulated nodes' broken rules and rebirth requests, in one batch and in three, are those that were injected."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.errors import ConfigError
from fabric_ot.jobs.readings import run_readings
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.testing import NOON, message
from fabric_ot.workbench.simulate.day import live_through, plan_calendar
from fabric_ot.workbench.simulate.host_view import detail_rows, rebirth_rows, violation_rows
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.rule_breaker import BREAKER

pytestmark = pytest.mark.spark

CONFIG = LandingConfig(topics=(TopicRule("spBv1.0/#", "sparkplug"),))
TOLD = ("plant.violation", "plant.rebirth_request")
SCALE = 0.004


class Host:
    """A bronze and a silver lakehouse that received some Sparkplug messages."""

    def __init__(self, spark, folder: Path) -> None:
        self.bronze, self.silver = (self._lakehouse(spark, folder, layer) for layer in ("bronze", "silver"))
        landing = folder / "bronze" / "Files" / "landing"
        landing.mkdir(parents=True)
        (landing / "landing.json").write_text(CONFIG.to_json(), encoding="utf-8")

    def _lakehouse(self, spark, folder: Path, layer: str) -> Lakehouse:
        tables, files = (str(folder / layer / area) for area in ("Tables", "Files"))
        return Lakehouse(spark, name=f"ot_{layer}", layer=layer, tables_path=tables, files_path=files)

    def land(self, batch: str, sent: list[tuple[int, Message]]) -> None:
        rows = [
            message(m.topic, m.payload, source_offset=n, route=m.route, qos=m.qos, is_retained=m.is_retained,
                    broker_time_utc=dt.datetime.fromtimestamp(m.broker_ms / 1000, dt.UTC), ingest_batch_id=batch)
            for n, m in sent
        ]  # fmt: skip
        self.bronze.append("plant.message", self.bronze.frame("plant.message", rows))

    def run(self, **options):
        return run_readings(self.bronze, self.silver, as_of_utc=NOON, **options)

    def violations(self) -> dict[tuple[str, str], int]:
        rows = self.silver.read("plant.violation").groupBy("edge_node_id", "assertion_id").count().collect()
        return {(row.edge_node_id or "", row.assertion_id): row["count"] for row in rows}

    def requests(self) -> list[tuple]:
        rows = self.silver.read("plant.rebirth_request").collect()
        return sorted(
            (r.edge_node_id, r.birth_epoch, r.reason, millis(r.requested_utc), millis(r.answered_utc), r.cause_count)
            for r in rows
        )

    def rows(self) -> list[list[tuple]]:
        frames = (self.silver.read(table).drop("ingest_batch_id") for table in TOLD)
        return [sorted(map(tuple, frame.collect()), key=repr) for frame in frames]


def millis(at: dt.datetime | None) -> int | None:
    return None if at is None else round(at.replace(tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def sent() -> list[tuple[int, Message]]:
    day = live_through(plan_calendar(dt.date(2026, 3, 28), 1), seed=7, scale=SCALE)
    return list(enumerate(m for m in day.messages if m.decoder == "sparkplug"))


@pytest.fixture(scope="module")
def whole(spark_session, tmp_path_factory, sent) -> Host:
    host = Host(spark_session, tmp_path_factory.mktemp("whole"))
    host.land("b1", sent)
    host.run()
    return host


def test_violations_and_rebirth_requests_are_those_that_were_injected(whole, sent) -> None:
    messages = [m for _, m in sent]
    expected = {(row["edge_node_id"], row["assertion_id"]): row["messages"] for row in violation_rows(messages)}
    assert whole.violations() == expected
    assert whole.requests() == sorted(tuple(row.values()) for row in rebirth_rows(messages))
    assert {row.reason for row in whole.silver.read("plant.rebirth_request").collect()} == {
        "data_before_birth", "sequence_gap", "unknown_alias",
    }  # fmt: skip


def test_structured_values_properties_and_metadata_are_kept_as_they_were_sent(whole, sent) -> None:
    told = sorted(tuple(row.values()) for row in detail_rows(m for _, m in sent))
    rows = whole.silver.read("plant.reading").where("tag_id like '%/camera/%' or source_details is not null").collect()
    found = Counter((r.tag_id, r.value_string or "", r.source_details or "") for r in rows if r.quality != "STALE")
    definition = [row for row in told if row[0].endswith("/line_8/Inspection")]
    assert sorted((*key, count) for key, count in found.items()) == [row for row in told if row not in definition]
    assert len(definition) == 1
    assert {r.unit for r in rows if r.tag_id.endswith("Exposure")} == {"ms"}, "the birth's unit holds for its data"


@pytest.mark.acceptance(1)
def test_any_order_of_arrival_tells_the_same_and_nothing_new_writes_nothing(
    whole, sent, spark_session, tmp_path_factory
) -> None:
    split = Host(spark_session, tmp_path_factory.mktemp("split"))
    shuffled = [pair for pair in sent if pair[1].topic.split("/")[3:4] != ["line_1"]]
    Random(5).shuffle(shuffled)
    rest = [pair for pair in sent if pair not in shuffled]
    for n, part in enumerate((shuffled[::2], shuffled[1::2] + rest)):
        split.land(f"b{n}", part)
        split.run()
    assert split.rows() == whole.rows()
    before = [split.silver.version(table) for table in TOLD]
    assert split.run().counts == {"batches": 0}
    assert [split.silver.version(table) for table in TOLD] == before


def test_strict_mode_quarantines_what_breaks_a_must_and_holds_what_hangs_on_it(
    sent, spark_session, tmp_path_factory
) -> None:
    strict = Host(spark_session, tmp_path_factory.mktemp("strict"))
    strict.land("b1", [(n, m) for n, m in sent if m.partition_key == BREAKER])
    with pytest.raises(ConfigError, match="mode is 'loose'"):
        strict.run(mode="loose")
    strict.run(mode="strict")
    log = strict.silver.read("plant.sparkplug_message").orderBy("arrival_time_utc").collect()
    assert [(row.message_type, row.reason, row.birth_epoch) for row in log] == [
        ("NBIRTH", "sparkplug_violation", 1),
        ("DBIRTH", "sparkplug_violation", 1),
        ("DDATA", "sparkplug_violation", 1),
        ("NDATA", "alias_without_birth", 1),
        ("NDATA", None, 1),
        ("NDATA", "alias_without_birth", 1),
        ("NDATA", "sparkplug_violation", 1),
        ("NDATA", "sparkplug_violation", 1),
        ("DDATA", None, 1),
        ("NDATA", "retained", 1),
        ("NDEATH", "sparkplug_violation", 1),
        ("NDATA", "alias_without_birth", 1),
        ("NBIRTH", None, 2),
        ("NDATA", None, 2),
        ("DBIRTH", None, 2),
        ("DDATA", None, 2),
        ("NDEATH", "stale_death", 2),
    ]
    quarantine = strict.silver.read("plant.quarantine").where("array_contains(reasons, 'sparkplug_violation')")
    told = quarantine.orderBy("arrival_time_utc").first()
    assert "tck-id-payloads-alias-uniqueness" in told.detail
    request = strict.requests()[0]
    assert request[:3] == (BREAKER, 1, "data_before_birth")
    assert request[4] == millis(log[12].arrival_time_utc)
