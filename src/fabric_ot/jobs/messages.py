"""Bronze: all that landed becomes messages once; a bad file or table is refused by name and stops no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import parse_landing_config
from fabric_ot.contracts.places import LANDING_CONFIG, LANDING_FOLDER
from fabric_ot.jobs.eventstreams import land_eventstreams
from fabric_ot.jobs.landing import LandingPlan, ReadGroup, Refused, Run, plan_landing
from fabric_ot.jobs.report import JobReport
from fabric_ot.lakehouse import Lakehouse, LandedFile
from fabric_ot.lakehouse.probes import java_reason
from fabric_ot.transforms.messages.transported import with_partition_names

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

MESSAGE = "plant.message"
LANDING_FILE = "plant.landing_file"


@dataclass(frozen=True)
class Written:
    """What became of the messages; `batch_by_file` names the batch of files that an earlier run had written."""

    plan: LandingPlan
    rows_by_file: Mapping[str, int] = field(default_factory=dict)
    batch_by_file: Mapping[str, str] = field(default_factory=dict)
    inserted: int = 0


def run_messages(bronze: Lakehouse, *, as_of_utc: dt.datetime, batch_id: str) -> JobReport:
    """Land what is new below `Files/landing`, and in the tables of declared Eventstreams, as messages of `batch_id`.

    A file is new when its path, size and modification time were not seen before; of a table, the rows that came after
    the version read last. Messages are written first, then what was read: a run that died in between is repeated
    without repeating messages, because their keys are known.

    Raises:
        ConfigError: landing.json cannot be used.
        ContractError: there are new files and no landing.json.
    """
    landing = bronze.files.below(LANDING_FOLDER)
    listed = {file.path: file for file in landing.list("")}
    is_declared = listed.pop(LANDING_CONFIG.rpartition("/")[2], None) is not None
    seen = _seen_versions(bronze)
    new = [file for file in listed.values() if _version(file) not in seen]
    if not new and not is_declared:
        return JobReport("messages", _counts({}, LandingPlan(), 0))
    config = parse_landing_config(bronze.files.read_text(LANDING_CONFIG))
    run = Run(as_of_utc, batch_id)
    report = JobReport("messages", _counts({}, LandingPlan(), 0))
    if new:
        plan = plan_landing(landing, new, config)
        written = _write_messages(bronze, plan, _names_of_rewritten(plan, {path for path, _, _ in seen}), run)
        _write_files(bronze, written, run)
        notes = tuple(f"{r.file.path}: {r.error}" for r in written.plan.refused)
        report = JobReport("messages", _counts(written.rows_by_file, written.plan, written.inserted), notes)
    return land_eventstreams(bronze, config.eventstreams, run, report) if config.eventstreams else report


def _version(file: LandedFile) -> tuple[str, int, dt.datetime]:
    return file.path, file.size_bytes, file.modified_utc


def _seen_versions(bronze: Lakehouse) -> set[tuple[str, int, dt.datetime]]:
    if bronze.version(LANDING_FILE) is None:
        return set()
    millis = sf.unix_millis("modified_utc").alias("ms")
    rows = bronze.read(LANDING_FILE).select("path", "size_bytes", millis).collect()
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return {(row.path, row.size_bytes, epoch + dt.timedelta(milliseconds=row.ms)) for row in rows}


def _names_of_rewritten(plan: LandingPlan, seen_paths: set[str]) -> dict[str, str]:
    """Name the source partitions of files whose path was landed before: row 0 of the new version is a new message."""
    files = [file for group in plan.groups if group.route != "event_hubs" for file in group.files]
    return {f.path: f"{f.path}@{f.modified_utc.isoformat()}" for f in files if f.path in seen_paths}


def _write_messages(bronze: Lakehouse, plan: LandingPlan, names: Mapping[str, str], run: Run) -> Written:
    if not plan.groups:
        return Written(plan)
    stamps = {"ingested_time_utc": sf.lit(run.as_of_utc), "ingest_batch_id": sf.lit(run.batch_id)}
    messages = with_partition_names(_read(plan.groups), names=names).withColumns(stamps)
    with ExitStack() as stages:
        try:
            staged = stages.enter_context(bronze.staged(messages))
            ranges = _ranges(staged)
        except (Py4JError, PySparkException):
            # A file that looked whole is not: find every such file, then write the rest.
            readable = _without_unreadable(plan)
            if readable == plan:
                raise
        else:
            return _merge_messages(bronze, plan, staged, ranges)
    return _write_messages(bronze, readable, names, run)


def _merge_messages(bronze: Lakehouse, plan: LandingPlan, messages: DataFrame, ranges: Sequence[Row]) -> Written:
    unique = _are_disjoint(ranges)
    order_by = () if unique else ("source_file", "source_offset")
    bound = _bound(ranges)
    is_first = bronze.version(MESSAGE) is None
    counts = bronze.merge(MESSAGE, messages, keep="target", order_by=order_by, is_unique=unique, bound=bound)
    rows_by_file = {row.source_file: row.rows for row in ranges}
    known: dict[str, str] = {}
    if not is_first and counts.inserted < sum(rows_by_file.values()):
        # Files whose messages an unfinished run wrote keep its batch, or no later step would ever see that batch.
        files = bronze.read(MESSAGE).where(bound).groupBy("source_file", "source_partition")
        found = files.agg(sf.min("ingest_batch_id").alias("batch")).collect()
        new = {(row.source_file, row.source_partition) for row in ranges}
        known = {row.source_file: row.batch for row in found if (row.source_file, row.source_partition) in new}
    return Written(plan, rows_by_file, known, counts.inserted)


def _read(groups: Sequence[ReadGroup]) -> DataFrame:
    frames = [group.read([file.path for file in group.files]) for group in groups]
    return reduce(lambda a, b: a.unionByName(b), frames)


def _ranges(messages: DataFrame) -> list[Row]:
    offset = sf.col("source_offset")
    grouped = messages.groupBy("route", "source_file", "source_partition")
    return grouped.agg(
        sf.count(sf.lit(1)).alias("rows"), sf.min(offset).alias("first"), sf.max(offset).alias("last")
    ).collect()


def _are_disjoint(ranges: Sequence[Row]) -> bool:
    """Say whether no (partition, offset) can come twice: gapless files that follow each other."""
    ends: dict[tuple[str, str], int] = {}
    for row in sorted(ranges, key=lambda r: (r.route, r.source_partition, r.first)):
        partition = (row.route, row.source_partition)
        if row.rows != row.last - row.first + 1 or row.first <= ends.get(partition, row.first - 1):
            return False
        ends[partition] = row.last
    return True


def _bound(ranges: Sequence[Row]) -> Column:
    """Return what holds for all new messages and prunes the table's files: partitions and, for Event Hubs, offsets."""
    conditions: list[Column] = []
    for partition in sorted({row.source_partition for row in ranges if row.route == "event_hubs"}):
        rows = [row for row in ranges if row.route == "event_hubs" and row.source_partition == partition]
        offsets = sf.col("source_offset").between(min(r.first for r in rows), max(r.last for r in rows))
        conditions.append((sf.col("route") == "event_hubs") & (sf.col("source_partition") == partition) & offsets)
    for route in ("hivemq", "file"):
        partitions = [row.source_partition for row in ranges if row.route == route]
        if partitions:
            within = sf.col("source_partition").between(min(partitions), max(partitions))
            conditions.append((sf.col("route") == route) & within)
    return reduce(lambda a, b: a | b, conditions)


def _without_unreadable(plan: LandingPlan) -> LandingPlan:
    groups: list[ReadGroup] = []
    refused: list[Refused] = []
    for group in plan.groups:
        bad = _unreadable(group, group.files)
        refused += [Refused(file, group.route, error) for file, error in bad.items()]
        good = tuple(file for file in group.files if file not in bad)
        if good:
            groups.append(replace(group, files=good))
    return replace(plan, groups=tuple(groups), refused=(*plan.refused, *refused))


def _unreadable(group: ReadGroup, files: Sequence[LandedFile]) -> dict[LandedFile, str]:
    """Halve a set of files that cannot be read until the bad ones stand alone."""
    rows = group.read([file.path for file in files])
    try:
        rows.agg(sf.bit_xor(sf.xxhash64(*rows.columns))).collect()
    except (Py4JError, PySparkException) as exc:
        if len(files) == 1:
            return {files[0]: f"cannot be read: {java_reason(exc)}"}
        half = len(files) // 2
        return _unreadable(group, files[:half]) | _unreadable(group, files[half:])
    return {}


def _write_files(bronze: Lakehouse, written: Written, run: Run) -> None:
    def row(file: LandedFile, route: str, status: str, error: str | None = None) -> tuple[object, ...]:
        batch_id = written.batch_by_file.get(file.path, run.batch_id)
        rows_read = written.rows_by_file.get(file.path, 0)
        return (*_version(file), route, rows_read, status, error, batch_id, run.as_of_utc)

    landed = [row(file, group.route, "landed") for group in written.plan.groups for file in group.files]
    empty = [row(file, route, "empty") for file, route in written.plan.empty]
    refused = [row(r.file, r.route, "refused", r.error) for r in written.plan.refused]
    bronze.append(LANDING_FILE, bronze.frame(LANDING_FILE, [*landed, *empty, *refused]))


def _counts(rows_by_file: Mapping[str, int], plan: LandingPlan, inserted: int) -> dict[str, int]:
    return {
        "files_landed": sum(len(group.files) for group in plan.groups),
        "files_empty": len(plan.empty),
        "files_refused": len(plan.refused),
        "rows_read": sum(rows_by_file.values()),
        "messages": inserted,
    }
