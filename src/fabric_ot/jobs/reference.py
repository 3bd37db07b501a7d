"""Reference data: from transported CSV lines to the versioned tables that everything else is read by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts import places
from fabric_ot.contracts.landing import CsvMapping, LandingConfig, parse_landing_config
from fabric_ot.jobs.progress import finish_batches, landed_batches, pending_batches
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import do_together
from fabric_ot.quality.rules import RuleSet
from fabric_ot.quality.split import WARNINGS, rollup_warnings, with_reasons
from fabric_ot.transforms.messages.decoders import is_reference
from fabric_ot.transforms.reference.entities import (
    ENTITIES,
    default_mapping,
    entity_columns,
    generations,
    mapping_problem,
)
from fabric_ot.transforms.reference.namespace import to_namespace
from fabric_ot.transforms.reference.rows import (
    CARRIED,
    split_reference_rows,
    to_reference_rows,
    to_unreadable_rows,
    with_missing_parents,
)
from fabric_ot.transforms.reference.versions import keep_last_arrival, to_versions

if TYPE_CHECKING:
    from fabric_ot.lakehouse import Lakehouse, MergeCounts

STEP = "reference"
_ROWS_PER_PARTITION = 100_000


def run_reference(bronze: Lakehouse, silver: Lakehouse, *, as_of_utc: dt.datetime) -> JobReport:
    """Rebuild the reference tables when a new batch carries reference rows.

    All reference rows that ever landed are read again, not only the new ones: they are few, and so a row that was
    refused because its parent was missing is taken once the parent lands, and back-dated versions need no patching.
    Tables that come out as they are stay untouched. `plant.namespace` follows the tag catalogue. A row that breaks a
    rule of severity `warning` is taken; the report's notes say how many there are.
    """
    notes: tuple[str, ...] = ()
    batches = pending_batches(landed_batches(bronze), silver, step=STEP)
    counts = {"batches": len(batches)}
    if batches:
        messages = bronze.read("plant.message").where(is_reference())
        new = messages.where(sf.col("ingest_batch_id").isin(*batches))
        if not new.isEmpty():
            config = parse_landing_config(bronze.files.read_text(places.LANDING_CONFIG))
            rebuilt, notes = _rebuild(messages, _mappings(config), silver, as_of_utc=as_of_utc)
            counts |= rebuilt
            counts["namespace"] = _namespace(config, silver).changed
        finish_batches(silver, batches, step=STEP, as_of_utc=as_of_utc)
    return JobReport(STEP, counts, notes)


def _namespace(config: LandingConfig, silver: Lakehouse) -> MergeCounts:
    """Place the declared tags in the plant: the whole table, which is small."""
    historian = [value.tag_id for mapping in config.csv for value in mapping.values]
    rows = to_namespace(silver.read("plant.tag"), rule=config.namespace, historian_tags=historian)
    return silver.replace("plant.namespace", rows)


def _mappings(config: LandingConfig) -> dict[str, CsvMapping]:
    declared = {mapping.name: mapping for mapping in config.csv if mapping.kind == "reference"}
    return {entity: default_mapping(entity) for entity in ENTITIES} | declared


def _rebuild(
    messages: DataFrame, mappings: Mapping[str, CsvMapping], silver: Lakehouse, *, as_of_utc: dt.datetime
) -> tuple[dict[str, int], tuple[str, ...]]:
    settled = silver.settled(messages)
    rows_by_topic = {row.topic: row["count"] for row in settled.groupBy("topic").count().collect()}
    # each partition costs a task in every step of every entity
    few = settled.coalesce(1 + sum(rows_by_topic.values()) // _ROWS_PER_PARTITION)
    good, outcomes = _read_all(few, set(rows_by_topic), mappings, silver, as_of_utc=as_of_utc)
    absent = [f"plant.{entity}" for entity in ENTITIES if entity not in good]
    silver.create(*absent)
    outcomes = silver.settled(outcomes)
    written = do_together(
        {
            **{e: partial(silver.replace, f"plant.{e}", _final(e, rows)) for e, rows in good.items()},
            "quarantine": partial(_quarantine, outcomes, silver),
            "audit": partial(_audit, outcomes, silver),
        }
    )
    return {name: counts.changed for name, counts in written.items()}, _warning_notes(good)


def _warning_notes(good: Mapping[str, DataFrame]) -> tuple[str, ...]:
    """Tell the warnings of the rows that were taken, the last word of each key; no pass where no rule can warn."""
    warned = [(ENTITIES[entity], rows) for entity, rows in good.items() if WARNINGS in rows.columns]
    counted = [
        rollup_warnings(keep_last_arrival(rows, key=table.key)).withColumn("table", sf.lit(table.full_name))
        for table, rows in warned
    ]
    if not counted:
        return ()
    found = reduce(DataFrame.unionByName, counted).orderBy("table", "warning").collect()
    return tuple(f"{row.rows} row(s) of {row.table}: warning {row.warning}" for row in found)


def _read_all(
    messages: DataFrame,
    landed: set[str],
    mappings: Mapping[str, CsvMapping],
    silver: Lakehouse,
    *,
    as_of_utc: dt.datetime,
) -> tuple[dict[str, DataFrame], DataFrame]:
    """Return the good rows of each entity whose topic has `landed`, and what became of every message.

    The rows of an entity are settled: they are written, they are parents of others, and they are accounted for.
    Entities that hang on each other follow each other; the others are read side by side.
    """
    problems = {mapping.topic: found for mapping in mappings.values() if (found := mapping_problem(mapping))}
    unreadable = to_unreadable_rows(messages.where(~sf.col("topic").isin(*_readable(problems))), problems)
    outcomes = [unreadable]
    good: dict[str, DataFrame] = {}
    no_rows = messages.where(sf.lit(False))
    topics = {entity: default_mapping(entity).topic for entity in ENTITIES}
    unread = [entity for entity, topic in topics.items() if topic not in landed or topic in problems]
    nothing = {entity: to_reference_rows(no_rows, default_mapping(entity)) for entity in unread}
    for generation in generations():
        good |= {entity: nothing[entity] for entity in generation if entity in nothing and topics[entity] in landed}
        read = [entity for entity in generation if entity not in nothing]
        judge = partial(_judged, messages, good=nothing | good, silver=silver, as_of_utc=as_of_utc)
        # each of these plans is large: they are made side by side, not only computed
        judged = do_together({entity: partial(judge, entity, mappings[entity]) for entity in read})
        for entity, checked in judged.items():
            good[entity], _ = split_reference_rows(checked)
            outcomes.append(checked.select(*CARRIED))
    return good, reduce(DataFrame.unionByName, outcomes)


def _readable(problems: Mapping[str, str]) -> list[str]:
    return [topic for entity in ENTITIES if (topic := default_mapping(entity).topic) not in problems]


def _judged(
    messages: DataFrame,
    entity: str,
    mapping: CsvMapping,
    *,
    good: Mapping[str, DataFrame],
    silver: Lakehouse,
    as_of_utc: dt.datetime,
) -> DataFrame:
    judged = _with_broken_rules(to_reference_rows(messages, mapping), entity, as_of_utc=as_of_utc)
    return silver.settled(with_missing_parents(judged, entity, good))


def _with_broken_rules(rows: DataFrame, entity: str, *, as_of_utc: dt.datetime) -> DataFrame:
    """Give readable rows that break a declared rule of their table its reasons; warnings let the row pass.

    Where a rule can warn, the rows have a column `warnings` more.
    """
    columns = [column.name for column in entity_columns(entity)]
    rules = RuleSet.of_rows(ENTITIES[entity].full_name, columns, now_utc=as_of_utc)
    if not rules.rules:
        return rows
    judged = with_reasons(rows.withColumnsRenamed({"reasons": "_read", "detail": "_detail"}), rules)
    is_read = sf.size("_read") == 0
    broken = sf.when(sf.size("reasons") > 0, sf.array_join("reasons", ", "))
    warnings = [WARNINGS] if any(rule.severity == "warning" for rule in rules.rules) else []
    return judged.select(
        *[name for name in rows.columns if name not in ("reasons", "detail")],
        sf.when(is_read, sf.col("reasons")).otherwise(sf.col("_read")).alias("reasons"),
        sf.when(is_read, broken).otherwise(sf.col("_detail")).alias("detail"),
        *warnings,
    ).select(*rows.columns, *warnings)


def _final(entity: str, rows: DataFrame) -> DataFrame:
    table = ENTITIES[entity]
    if "is_current" not in table.column_names:
        return keep_last_arrival(rows, key=table.key)
    key = [name for name in table.key if name != "valid_from_utc"]
    tracked = [c.name for c in entity_columns(entity) if c.name not in table.key]
    return to_versions(rows, key=key, tracked=tracked)


def _quarantine(outcomes: DataFrame, silver: Lakehouse) -> MergeCounts:
    refused = outcomes.where(sf.size("reasons") > 0)
    rows = refused.withColumn("metric_index", sf.lit(-1)).withColumn("edge_node_id", sf.lit(None).cast("string"))
    return silver.replace("plant.quarantine", rows, where=is_reference())


def _audit(outcomes: DataFrame, silver: Lakehouse) -> MergeCounts:
    reason = sf.coalesce(sf.get("reasons", sf.lit(0)), sf.lit(""))
    outcome = sf.when(reason == "", "decoded").otherwise("quarantined")
    told = outcomes.select("ingest_batch_id", "route", outcome.alias("outcome"), reason.alias("reason"))
    rows = told.groupBy("ingest_batch_id", "route", "outcome", "reason").agg(
        sf.count(sf.lit(1)).alias("message_count"), sf.lit(0).cast("long").alias("value_count")
    )
    return silver.replace(
        "plant.batch_audit", rows.withColumn("decoder", sf.lit("reference")), where=sf.col("decoder") == "reference"
    )
