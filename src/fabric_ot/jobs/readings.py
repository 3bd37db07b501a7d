"""The reading step: bronze messages that are new to it become readings, quarantine rows and an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, get_args

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import LandingConfig, parse_landing_config
from fabric_ot.contracts.places import LANDING_CONFIG
from fabric_ot.contracts.sparkplug_rules import RuleMode
from fabric_ot.errors import ConfigError
from fabric_ot.jobs.progress import finish_batches
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import Lakehouse, do_together
from fabric_ot.transforms.messages.decoded_samples import is_refused, is_sample, to_refused_samples
from fabric_ot.transforms.messages.decoders import REFERENCE_PREFIX, SAMPLE_ORDER, is_reference, with_decoder
from fabric_ot.transforms.messages.historian import to_historian_samples
from fabric_ot.transforms.messages.quarantine import FEW_ROWS, rollup_audit, rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue, to_readings
from fabric_ot.transforms.messages.uns_json import to_uns_samples
from fabric_ot.transforms.sparkplug.deaths import to_stale_samples
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.messages import to_sparkplug_messages
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import with_payload
from fabric_ot.transforms.sparkplug.rebirths import to_rebirth_requests
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topic_rules import with_broken_topic
from fabric_ot.transforms.sparkplug.topics import with_edge_node
from fabric_ot.transforms.sparkplug.violations import to_violations, with_strict_reason
from fabric_ot.transforms.sparkplug.window_starts import to_window_starts

STEP = "reading"
TAG_TOPIC = f"{REFERENCE_PREFIX}tag"
_TOPIC_REASONS = ("illegal_sparkplug_topic", "host_state")
_OUTCOMES = ("decoded", "quarantined", "ignored")


@dataclass(frozen=True)
class _Scope:
    """What a run handles: the new batches; all batches when everything is decoded anew."""

    new_batches: tuple[str, ...]
    is_rebuild: bool
    is_first: bool

    def is_in(self) -> Column:
        return sf.lit(True) if self.is_rebuild else sf.col("ingest_batch_id").isin(list(self.new_batches))


@dataclass(frozen=True)
class _Window:
    """The Sparkplug messages that were judged anew, their samples, and the rows of silver they replace."""

    messages: DataFrame
    samples: DataFrame
    is_touched: Column
    is_asked: Column
    """The same rows in `plant.rebirth_request`, where the time is that of the request."""


def run_readings(
    bronze: Lakehouse,
    silver: Lakehouse,
    *,
    as_of_utc: dt.datetime,
    is_rebuild: bool = False,
    mode: RuleMode = "lenient",
) -> JobReport:
    """Decode the batches of `plant.message` that this step has not seen into readings, quarantine and audit.

    JSON and historian readings are merged, the last arrival of a key winning. Edge nodes with new Sparkplug
    messages are judged anew from their last birth before these, and their rows from there are replaced: a late
    birth releases what was held. When a new batch brings tags of the catalogue, all batches are decoded anew
    (cost: the whole of bronze), since the catalogue decides on asset, unit and type. A run that dies midway is
    repeated with the same result: the batches count as done with the last write.

    Args:
        bronze: holds `plant.message` and `landing/landing.json`.
        silver: receives `plant.reading`, `plant.quarantine`, `plant.sparkplug_message`, `plant.violation`,
            `plant.rebirth_request`, `plant.batch_audit`.
        as_of_utc: the run's clock, noted in `plant.progress`.
        is_rebuild: decode all batches anew, as after a change of `landing.json` or of `mode`.
        mode: `lenient` keeps what can be read of a Sparkplug message and tells the rules that it breaks; `strict`
            quarantines a message that breaks a "must" by itself. Both fill `plant.violation` alike.

    Raises:
        ConfigError: `landing.json` cannot be used, or there is no such mode.
    """
    if mode not in get_args(RuleMode):
        raise ConfigError("run_readings", [f"mode is {mode!r}, known are {get_args(RuleMode)}"])
    config = parse_landing_config(bronze.files.read_text(LANDING_CONFIG))
    landed = bronze.read("plant.message")
    scope = _find_scope(landed, silver, is_rebuild=is_rebuild)
    if not scope.new_batches and not is_rebuild:
        return JobReport(STEP, {"batches": 0}, ("no new batch",))
    messages = with_decoder(landed, config)
    own = messages.where(sf.col("decoder") != "reference")
    with ExitStack() as stages:
        plain = stages.enter_context(silver.staged(_to_plain_samples(own.where(scope.is_in()), config, silver)))
        window = _find_window(own, silver, scope, stages, is_strict=mode == "strict")
        samples = plain if window is None else plain.unionByName(window.samples)
        writes: dict[str, Callable[[], Any]] = {
            "reading": partial(_write_readings, plain, samples, window, silver, scope),
            "quarantine": partial(_write_quarantine, samples, messages, window, silver, scope),
            "log": partial(_write_log, window, silver, scope),
            "broken rules": partial(_write_broken_rules, samples, window, silver, scope),
        }
        written = do_together(writes)
        told = written["log"] | written["broken rules"]
        _write_audit(rollup_audit(rollup_messages(plain)), told.pop("batches"), silver, scope)
    counts = {"batches": len(scope.new_batches), **_account(silver, scope), **told}
    finish_batches(silver, scope.new_batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, ("every batch was decoded anew",) if scope.is_rebuild and not scope.is_first else ())


def _find_scope(messages: DataFrame, silver: Lakehouse, *, is_rebuild: bool) -> _Scope:
    is_tag = is_reference() & (sf.col("topic") == TAG_TOPIC)
    batches = messages.groupBy("ingest_batch_id").agg(sf.max(is_tag).alias("has_tags")).collect()
    progress = silver.read("plant.progress").where(sf.col("step") == STEP).select("ingest_batch_id").collect()
    done = {row.ingest_batch_id for row in progress}
    new = [row for row in batches if row.ingest_batch_id not in done]
    # A first run is a rebuild of nothing: it takes the path with the fewest writes.
    is_all = is_rebuild or any(row.has_tags for row in new) or not done
    return _Scope(tuple(sorted(row.ingest_batch_id for row in new)), is_all, is_first=not done)


def _to_plain_samples(messages: DataFrame, config: LandingConfig, silver: Lakehouse) -> DataFrame:
    """Decode what needs no history: JSON, historian rows, and messages that nobody can decode."""
    decoder = sf.col("decoder")
    unplaced = with_edge_node(messages.where(decoder == "sparkplug")).where(sf.col("topic_reason").isNotNull())
    samples = [
        to_uns_samples(messages.where(decoder == "uns_json"), config.topics),
        to_refused_samples(messages.where(decoder == "none"), sf.lit("unknown_topic")),
        to_refused_samples(with_broken_topic(unplaced), sf.col("topic_reason")),
    ]
    if any(mapping.kind == "historian" for mapping in config.csv):
        samples.append(to_historian_samples(messages.where(decoder == "historian"), config.csv))
    return join_catalogue(reduce(DataFrame.unionByName, samples), silver.read("plant.tag"))


def _find_window(
    messages: DataFrame, silver: Lakehouse, scope: _Scope, stages: ExitStack, *, is_strict: bool
) -> _Window | None:
    """Judge the edge nodes with new messages anew, each from its last safe birth; None where there are none."""
    own = with_edge_node(messages.where(sf.col("decoder") == "sparkplug")).where(sf.col("edge_node_id").isNotNull())
    log = silver.read("plant.sparkplug_message")
    if scope.is_rebuild:
        is_touched = is_asked = sf.col("edge_node_id").isNotNull()
        started = with_payload(own).withColumn("epoch_before", sf.lit(0))
    else:
        starts = stages.enter_context(silver.staged(to_window_starts(own.where(scope.is_in()), log)))
        touched = starts.collect()
        if not touched:
            return None
        is_touched, is_asked = _is_touched(touched), _is_touched(touched, at="requested_utc")
        started = with_payload(own.where(is_touched)).join(sf.broadcast(starts), "edge_node_id")
    judged = with_strict_reason(started) if is_strict else started
    placed = stages.enter_context(silver.staged(with_sequence(judged)))
    samples = to_metric_samples(placed, to_definitions(placed)).unionByName(to_stale_samples(placed))
    settled = stages.enter_context(silver.staged(join_catalogue(samples, silver.read("plant.tag"))))
    return _Window(placed, settled, is_touched, is_asked)


def _is_touched(touched: Sequence[Row], at: str = "arrival_time_utc") -> Column:
    whole = sf.col("edge_node_id").isin([row.edge_node_id for row in touched if row.start_utc is None])
    later = [
        (sf.col("edge_node_id") == row.edge_node_id) & (sf.col(at) >= sf.lit(row.start_utc))
        for row in touched
        if row.start_utc is not None
    ]
    return reduce(lambda a, b: a | b, later, whole)


def _write_readings(
    plain: DataFrame, samples: DataFrame, window: _Window | None, silver: Lakehouse, scope: _Scope
) -> None:
    if scope.is_rebuild:
        silver.replace("plant.reading", to_readings(samples))
        return
    day = sf.to_date("event_time_utc")
    first, last = plain.where(is_sample()).agg(sf.min(day), sf.max(day)).collect()[0]
    if first is not None:
        bound = sf.col("event_date").between(sf.lit(first), sf.lit(last))
        rows = to_readings(plain)
        silver.merge("plant.reading", rows, keep="last_arrival", order_by=SAMPLE_ORDER, bound=bound, is_unique=True)
    if window is not None:
        rows = to_readings(window.samples)
        silver.replace("plant.reading", rows, where=window.is_touched, bound=window.is_touched)


def _write_quarantine(
    samples: DataFrame, messages: DataFrame, window: _Window | None, silver: Lakehouse, scope: _Scope
) -> None:
    is_few = samples.where(is_refused()).limit(FEW_ROWS + 1).count() <= FEW_ROWS
    refused = to_quarantine(samples, messages, is_few=is_few)
    if scope.is_rebuild:
        silver.replace("plant.quarantine", refused, where=~is_reference())
    else:
        gone = None if window is None else window.is_touched
        silver.merge("plant.quarantine", refused, delete_where=gone, is_unique=True)


def _write_log(window: _Window | None, silver: Lakehouse, scope: _Scope) -> dict[str, Any]:
    """Replace the window's Sparkplug messages; tell the batches they came in and what is worth a note."""
    if window is None:
        return {"batches": []}
    log = to_sparkplug_messages(window.messages, rollup_messages(window.samples))
    silver.replace("plant.sparkplug_message", log, where=window.is_touched, bound=window.is_touched)
    dropped = sf.size(sf.filter("metrics", lambda metric: metric["is_transient"]))
    is_new = sf.col("ingest_batch_id").isin(list(scope.new_batches))
    totals = window.messages.agg(
        sf.sort_array(sf.collect_set("ingest_batch_id")).alias("batches"),
        sf.sum(sf.when(is_new, sf.col("missing_count"))).alias("missing_messages"),
        sf.sum(sf.when(is_new & (dropped > 0), dropped)).alias("transient_metrics"),
    ).collect()[0]
    return {name: value or 0 for name, value in totals.asDict().items()} | {"batches": totals.batches}


def _write_broken_rules(samples: DataFrame, window: _Window | None, silver: Lakehouse, scope: _Scope) -> dict[str, int]:
    """Write what breaks a rule of Sparkplug, and the rebirths that a host would ask for on that account."""
    found = to_violations(samples, None if window is None else window.messages)
    with silver.staged(found) as broken:
        if scope.is_rebuild:
            silver.replace("plant.violation", broken)
        else:
            gone = None if window is None else window.is_touched
            silver.merge("plant.violation", broken, delete_where=gone, is_unique=True)
        if window is not None:
            asked = to_rebirth_requests(broken, window.messages)
            silver.replace("plant.rebirth_request", asked, where=window.is_asked)
        is_new = sf.col("ingest_batch_id").isin(list(scope.new_batches))
        return {"violations": broken.where(is_new).count()}


def _write_audit(plain: DataFrame, judged_batches: Sequence[str], silver: Lakehouse, scope: _Scope) -> None:
    """Account for the new batches, and anew for those whose Sparkplug messages were judged anew."""
    is_judged = sf.lit(True) if scope.is_rebuild else sf.col("ingest_batch_id").isin(list(judged_batches))
    log = silver.read("plant.sparkplug_message").where(is_judged).withColumn("decoder", sf.lit("sparkplug"))
    is_placed = (sf.col("decoder") == "sparkplug") & ~sf.col("reason").isin(*_TOPIC_REASONS)
    is_plain = (sf.col("decoder") != "reference") & ~is_placed
    where = (scope.is_in() & is_plain) | (is_judged & is_placed)
    silver.replace("plant.batch_audit", plain.unionByName(rollup_audit(log)), where=where)


def _account(silver: Lakehouse, scope: _Scope) -> dict[str, int]:
    audit = silver.read("plant.batch_audit").where(sf.col("decoder") != "reference")
    is_new = sf.col("ingest_batch_id").isin(list(scope.new_batches))
    rows = (
        audit.groupBy("outcome", is_new.alias("is_new"))
        .agg(sf.sum("message_count").alias("messages"), sf.sum("value_count").alias("carried"))
        .collect()
    )
    counts = {o: sum(r.messages for r in rows if r.is_new and r.outcome == o) for o in _OUTCOMES}
    values = sum(row.carried for row in rows if row.is_new)
    superseded = sum(row.carried for row in rows) - silver.count("plant.reading")
    return {"messages": sum(counts.values()), **counts, "values": values, "superseded_in_total": superseded}
