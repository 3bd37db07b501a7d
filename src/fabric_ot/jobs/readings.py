"""The reading step: bronze messages that are new to it become readings, quarantine rows and an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import LandingConfig, parse_landing_config
from fabric_ot.contracts.places import LANDING_CONFIG
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import Lakehouse
from fabric_ot.transforms.decoded_samples import is_sample, to_refused_samples
from fabric_ot.transforms.decoders import REFERENCE_PREFIX, SAMPLE_ORDER, is_reference, with_decoder
from fabric_ot.transforms.historian import to_historian_samples
from fabric_ot.transforms.quarantine import rollup_audit, rollup_messages, to_quarantine
from fabric_ot.transforms.readings import join_catalogue, to_readings
from fabric_ot.transforms.sparkplug.deaths import to_stale_samples
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.messages import to_sparkplug_messages
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import with_payload
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topics import with_edge_node
from fabric_ot.transforms.sparkplug.window_starts import to_window_starts
from fabric_ot.transforms.uns_json import to_uns_samples

STEP = "reading"
TAG_TOPIC = f"{REFERENCE_PREFIX}tag"
_TOPIC_REASONS = ("illegal_sparkplug_topic", "host_state")
_OUTCOMES = ("decoded", "quarantined", "ignored")


@dataclass(frozen=True)
class _Scope:
    """What a run handles: the new batches; all batches when everything is decoded anew."""

    new_batches: tuple[str, ...]
    is_rebuild: bool

    def is_in(self, batches: Sequence[str] | None = None) -> Column:
        if self.is_rebuild:
            return sf.lit(True)
        return sf.col("ingest_batch_id").isin(list(self.new_batches if batches is None else batches))


def run_readings(
    bronze: Lakehouse, silver: Lakehouse, *, as_of_utc: dt.datetime, is_rebuild: bool = False
) -> JobReport:
    """Decode the batches of `plant.message` that this step has not seen into readings, quarantine and audit.

    JSON and historian readings are merged, the last arrival of a key winning. Edge nodes with new Sparkplug
    messages are judged anew from their last birth before these, and their rows from there are replaced: a late
    birth releases what was held. When a new batch brings tags of the catalogue, all batches are decoded anew
    (cost: the whole of bronze), since the catalogue decides on asset, unit and type. A run that dies midway is
    repeated with the same result: the batches count as done with the last write.

    Args:
        bronze: holds `plant.message` and `landing/landing.json`.
        silver: receives `plant.reading`, `plant.quarantine`, `plant.sparkplug_message`, `plant.batch_audit`.
        as_of_utc: the run's clock, noted in `plant.progress`.
        is_rebuild: decode all batches anew, as after a change of `landing.json`.

    Raises:
        ConfigError: `landing.json` cannot be used.
    """
    config = parse_landing_config(bronze.files.read_text(LANDING_CONFIG))
    messages = with_decoder(bronze.read("plant.message"), config)
    scope = _find_scope(messages, silver, is_rebuild=is_rebuild)
    if not scope.new_batches and not scope.is_rebuild:
        return JobReport(STEP, {"batches": 0}, ("no new batch",))
    own = messages.where(sf.col("decoder") != "reference")
    _write_plain(own.where(scope.is_in()), silver, config, scope)
    told = _write_sparkplug(own, silver, scope)
    counts = {"batches": len(scope.new_batches), **_account(silver, scope), **told}
    finished = [(STEP, batch, as_of_utc) for batch in scope.new_batches]
    silver.merge("plant.progress", silver.frame("plant.progress", finished), keep="target")
    return JobReport(STEP, counts, ("every batch was decoded anew",) if scope.is_rebuild else ())


def _find_scope(messages: DataFrame, silver: Lakehouse, *, is_rebuild: bool) -> _Scope:
    is_tag = (sf.col("decoder") == "reference") & (sf.col("topic") == TAG_TOPIC)
    batches = messages.groupBy("ingest_batch_id").agg(sf.max(is_tag).alias("has_tags")).collect()
    progress = silver.read("plant.progress").where(sf.col("step") == STEP).select("ingest_batch_id").collect()
    done = {row.ingest_batch_id for row in progress}
    new = [row for row in batches if row.ingest_batch_id not in done]
    has_new_tags = bool(done) and any(row.has_tags for row in new)
    return _Scope(tuple(sorted(row.ingest_batch_id for row in new)), is_rebuild or has_new_tags)


def _write_plain(messages: DataFrame, silver: Lakehouse, config: LandingConfig, scope: _Scope) -> None:
    """Write what needs no history: JSON, historian rows, and messages that nobody can decode."""
    samples = join_catalogue(_plain_samples(messages, config), silver.read("plant.tag"))
    with silver.staged(samples) as decoded:
        _write_plain_readings(decoded, silver, scope)
        refused = to_quarantine(decoded, messages)
        if scope.is_rebuild:
            is_own = sf.col("edge_node_id").isNull() & ~is_reference()
            silver.replace("plant.quarantine", refused, where=is_own)
        else:
            silver.merge("plant.quarantine", refused, is_unique=True)
        audit = rollup_audit(rollup_messages(decoded))
        is_plain = sf.col("decoder").isin("uns_json", "historian", "none") | sf.col("reason").isin(*_TOPIC_REASONS)
        silver.replace("plant.batch_audit", audit, where=scope.is_in() & is_plain)


def _plain_samples(messages: DataFrame, config: LandingConfig) -> DataFrame:
    decoder = sf.col("decoder")
    unplaced = with_edge_node(messages.where(decoder == "sparkplug")).where(sf.col("topic_reason").isNotNull())
    samples = [
        to_uns_samples(messages.where(decoder == "uns_json")),
        to_refused_samples(messages.where(decoder == "none"), sf.lit("unknown_topic")),
        to_refused_samples(unplaced, sf.col("topic_reason")),
    ]
    if any(mapping.kind == "historian" for mapping in config.csv):
        samples.append(to_historian_samples(messages.where(decoder == "historian"), config.csv))
    return reduce(DataFrame.unionByName, samples)


def _write_plain_readings(decoded: DataFrame, silver: Lakehouse, scope: _Scope) -> None:
    if scope.is_rebuild:
        silver.replace("plant.reading", to_readings(decoded), where=sf.col("edge_node_id").isNull())
        return
    day = sf.to_date("event_time_utc")
    first, last = decoded.where(is_sample()).agg(sf.min(day), sf.max(day)).collect()[0]
    bound = None if first is None else sf.col("event_date").between(sf.lit(first), sf.lit(last))
    silver.merge(
        "plant.reading", to_readings(decoded), keep="last_arrival", order_by=SAMPLE_ORDER, bound=bound, is_unique=True
    )


def _write_sparkplug(messages: DataFrame, silver: Lakehouse, scope: _Scope) -> dict[str, int]:
    """Judge touched edge nodes anew from their last safe birth and replace their rows from there."""
    own = with_edge_node(messages.where(sf.col("decoder") == "sparkplug")).where(sf.col("edge_node_id").isNotNull())
    log = silver.read("plant.sparkplug_message")
    before = log.where(~sf.lit(scope.is_rebuild))
    with silver.staged(to_window_starts(own.where(scope.is_in()), before)) as starts:
        touched = starts.collect()
        if not touched and not scope.is_rebuild:
            return {}
        is_touched = sf.col("edge_node_id").isNotNull() if scope.is_rebuild else _is_touched(touched)
        window = own.where(is_touched)
        decoded = with_payload(window).join(sf.broadcast(starts), "edge_node_id")
        with silver.staged(with_sequence(decoded)) as placed:
            _write_window(placed, window, silver, is_touched)
            return _restate_audit(placed, silver, scope)


def _is_touched(touched: Sequence[Row]) -> Column:
    whole = sf.col("edge_node_id").isin([row.edge_node_id for row in touched if row.start_utc is None])
    later = [
        (sf.col("edge_node_id") == row.edge_node_id) & (sf.col("arrival_time_utc") >= sf.lit(row.start_utc))
        for row in touched
        if row.start_utc is not None
    ]
    return reduce(lambda a, b: a | b, later, whole)


def _write_window(placed: DataFrame, window: DataFrame, silver: Lakehouse, is_touched: Column) -> None:
    samples = to_metric_samples(placed, to_definitions(placed)).unionByName(to_stale_samples(placed))
    with silver.staged(join_catalogue(samples, silver.read("plant.tag"))) as settled:
        silver.replace("plant.reading", to_readings(settled), where=is_touched, bound=is_touched)
        refused = to_quarantine(settled, window)
        silver.replace("plant.quarantine", refused, where=is_touched, bound=is_touched)
        log = to_sparkplug_messages(placed, rollup_messages(settled))
        silver.replace("plant.sparkplug_message", log, where=is_touched, bound=is_touched)


def _restate_audit(placed: DataFrame, silver: Lakehouse, scope: _Scope) -> dict[str, int]:
    """Count the Sparkplug messages of every batch whose messages were judged anew."""
    dropped = sf.size(sf.filter("metrics", lambda metric: metric["is_transient"]))
    totals = placed.agg(
        sf.sort_array(sf.collect_set("ingest_batch_id")).alias("batches"),
        sf.coalesce(sf.sum(sf.when(scope.is_in(), sf.col("missing_count"))), sf.lit(0)).alias("missing"),
        sf.coalesce(sf.sum(sf.when(scope.is_in() & (dropped > 0), dropped)), sf.lit(0)).alias("transient"),
    ).collect()[0]
    is_affected = scope.is_in(totals.batches)
    log = silver.read("plant.sparkplug_message").where(is_affected)
    is_own = is_affected & (sf.col("decoder") == "sparkplug") & ~sf.col("reason").isin(*_TOPIC_REASONS)
    audit = rollup_audit(log.withColumn("decoder", sf.lit("sparkplug")))
    silver.replace("plant.batch_audit", audit, where=is_own)
    return {"missing_messages": totals.missing, "transient_metrics": totals.transient}


def _account(silver: Lakehouse, scope: _Scope) -> dict[str, int]:
    audit = silver.read("plant.batch_audit").where(sf.col("decoder") != "reference")
    by_outcome = audit.groupBy("outcome", scope.is_in().alias("is_new")).agg(
        sf.sum("message_count").alias("messages"), sf.sum("value_count").alias("values")
    )
    rows = by_outcome.collect()
    counts = {o: sum(r.messages for r in rows if r.is_new and r.outcome == o) for o in _OUTCOMES}
    carried = sum(row["values"] for row in rows)
    values = sum(row["values"] for row in rows if row.is_new)
    superseded = carried - silver.count("plant.reading")
    return {"messages": sum(counts.values()), **counts, "values": values, "superseded_in_total": superseded}

