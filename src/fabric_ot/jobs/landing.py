"""Which landed file is read how: the route is the folder, the mapping is declared, and each file is probed first."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.contracts.landing import HIVEMQ_PLACEHOLDERS, CsvMapping, LandingConfig
from fabric_ot.contracts.places import EVENT_HUBS_FOLDER, HIVEMQ_FOLDER
from fabric_ot.errors import ContractError
from fabric_ot.lakehouse import FileArea, LandedFile
from fabric_ot.transforms.messages.transported import (
    CAPTURE_COLUMNS,
    to_capture_messages,
    to_csv_messages,
    to_hivemq_messages,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MAX_CSV_BYTES = 64 * 1024 * 1024
"""A CSV file is cut into lines as a whole, in one task."""

_CAPTURE_PATH = re.compile(rf"{EVENT_HUBS_FOLDER}(/[^/]+){{3}}(/\d+){{5}}/\d+\.avro")
_HIVEMQ_TYPES: dict[str, str] = {
    "topic": "BINARY", "payload": "BINARY", "payload_base64": "BINARY", "payload_utf8": "BINARY",
    "qos": "INT32 INT64", "is_retained": "BOOLEAN INT32 INT64", "broker_time_ms": "INT64 TIMESTAMP",
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """The clock and the name of one run."""

    as_of_utc: dt.datetime
    batch_id: str


@dataclass(frozen=True)
class Refused:
    """A file that is not read, and why."""

    file: LandedFile
    route: str
    error: str


@dataclass(frozen=True)
class ReadGroup:
    """Files that one Spark read can take together, and how their rows become messages."""

    route: str
    files: tuple[LandedFile, ...]
    read: Callable[[list[str]], DataFrame]


@dataclass(frozen=True)
class LandingPlan:
    """What a run would do with its new files."""

    groups: tuple[ReadGroup, ...] = ()
    empty: tuple[tuple[LandedFile, str], ...] = ()
    refused: tuple[Refused, ...] = ()

    def __add__(self, other: LandingPlan) -> LandingPlan:
        """Return both plans as one."""
        return LandingPlan(self.groups + other.groups, self.empty + other.empty, self.refused + other.refused)


def plan_landing(landing: FileArea, files: Sequence[LandedFile], config: LandingConfig) -> LandingPlan:
    """Sort `files` (paths below the landing folder) into groups to read, empty and refused ones."""
    by_route: dict[str, list[LandedFile]] = {"hivemq": [], "event_hubs": [], "file": [], "unknown": []}
    for file in files:
        by_route[_route(file.path, config)].append(file)
    unknown = tuple(Refused(file, "unknown", _unknown_reason(file.path)) for file in by_route["unknown"])
    return (
        _plan_hivemq(landing, by_route["hivemq"], dict(config.hivemq_columns))
        + _plan_capture(landing, by_route["event_hubs"])
        + _plan_csv(landing, by_route["file"], config.csv)
        + LandingPlan(refused=unknown)
    )


def _route(path: str, config: LandingConfig) -> str:
    if path.startswith(f"{HIVEMQ_FOLDER}/") and path.endswith(".parquet"):
        return "hivemq"
    if _CAPTURE_PATH.fullmatch(path):
        return "event_hubs"
    return "file" if any(fnmatchcase(path, mapping.path) for mapping in config.csv) else "unknown"


def _unknown_reason(path: str) -> str:
    if path.startswith(f"{EVENT_HUBS_FOLDER}/"):
        return f"unknown route: not {EVENT_HUBS_FOLDER}/<namespace>/<hub>/<partition>/<Y>/<M>/<D>/<h>/<m>/<s>.avro"
    return "unknown route: neither a route's folder and format nor the path of a declared CSV mapping"


def _plan_hivemq(landing: FileArea, files: Sequence[LandedFile], columns: dict[str, str]) -> LandingPlan:
    if files and not columns:
        return LandingPlan(refused=_refuse_all(files, "hivemq", "landing.json declares no hivemq_columns"))
    groups: dict[tuple[str, ...], list[LandedFile]] = {}
    empty: list[tuple[LandedFile, str]] = []
    refused: list[Refused] = []
    for file in files:
        try:
            probe = landing.probe(file.path)
            schema = tuple(_hivemq_type(probe.columns, name, columns[name]) for name in columns)
        except ContractError as exc:
            refused.append(Refused(file, "hivemq", str(exc)))
            continue
        if probe.has_rows:
            groups.setdefault(schema, []).append(file)
        else:
            empty.append((file, "hivemq"))

    def read(paths: list[str]) -> DataFrame:
        return to_hivemq_messages(landing.parquet(paths), columns=columns)

    return LandingPlan(
        tuple(ReadGroup("hivemq", tuple(group), read) for group in groups.values()), tuple(empty), tuple(refused)
    )


def _hivemq_type(found: object, name: str, placeholder: str) -> str:
    types = found if isinstance(found, dict) else {}
    if name not in types:
        message = f"mapped column {name!r} ({placeholder}) is missing; the file has {sorted(types)}"
        raise ContractError(message)
    accepted = _HIVEMQ_TYPES[HIVEMQ_PLACEHOLDERS[placeholder]].split()
    if not any(part in types[name] for part in accepted):
        message = f"column {name!r} is {types[name]}; {placeholder} needs one of {accepted}"
        raise ContractError(message)
    return str(types[name])


def _plan_capture(landing: FileArea, files: Sequence[LandedFile]) -> LandingPlan:
    good: list[LandedFile] = []
    empty: list[tuple[LandedFile, str]] = []
    refused: list[Refused] = []
    for file in files:
        try:
            probe = landing.probe(file.path)
        except ContractError as exc:
            refused.append(Refused(file, "event_hubs", str(exc)))
            continue
        missing = [name for name in CAPTURE_COLUMNS if name not in probe.columns]
        if missing:
            error = f"not an Event Hubs Capture record: {missing} missing, found {sorted(probe.columns)}"
            refused.append(Refused(file, "event_hubs", error))
        elif probe.has_rows:
            good.append(file)
        else:
            empty.append((file, "event_hubs"))

    def read(paths: list[str]) -> DataFrame:
        return to_capture_messages(landing.avro(paths))

    groups = (ReadGroup("event_hubs", tuple(good), read),) if good else ()
    return LandingPlan(groups, tuple(empty), tuple(refused))


def _plan_csv(landing: FileArea, files: Sequence[LandedFile], mappings: Sequence[CsvMapping]) -> LandingPlan:
    too_large = [file for file in files if file.size_bytes > MAX_CSV_BYTES]
    error = f"larger than {MAX_CSV_BYTES} bytes; cut it into smaller files, each with the header"
    plan = LandingPlan(refused=_refuse_all(too_large, "file", error))
    rest = {file.path: file for file in files if file not in too_large}
    topics: dict[str, str] = {}
    for path, header, has_rows in _csv_heads(landing, sorted(rest)):
        declared = [mapping for mapping in mappings if fnmatchcase(path, mapping.path)]
        mapping = next((m for m in declared if _fields(header, m.delimiter) == list(m.columns)), None)
        if mapping is None:
            found = _fields(header, declared[0].delimiter)
            expected = " or ".join(f"{list(m.columns)} ({m.topic})" for m in declared)
            plan += LandingPlan(refused=(Refused(rest[path], "file", f"header {found} is not {expected}"),))
        elif has_rows:
            topics[path] = mapping.topic
        else:
            plan += LandingPlan(empty=((rest[path], "file"),))

    def read(paths: list[str]) -> DataFrame:
        return to_csv_messages(landing.binary(paths), topics=topics)

    groups = (ReadGroup("file", tuple(rest[path] for path in topics), read),) if topics else ()
    return plan + LandingPlan(groups)


def _csv_heads(landing: FileArea, paths: list[str]) -> Iterator[tuple[str, str, bool]]:
    if not paths:
        return
    text = sf.decode(sf.col("content"), "ISO-8859-1")
    first = sf.regexp_extract(text, r"\A([^\r\n]*)", 1)
    has_rows = text.rlike(r"\A[^\n]*\n[\s\S]*\S")
    for path, head, more in landing.binary(paths).select("source_file", first, has_rows).collect():
        header = head.encode("latin-1").decode("utf-8-sig", errors="replace")
        yield path, header, more


def _fields(header: str, delimiter: str) -> list[str]:
    return next(csv.reader([header], delimiter=delimiter), [])


def _refuse_all(files: Sequence[LandedFile], route: str, error: str) -> tuple[Refused, ...]:
    return tuple(Refused(file, route, error) for file in files)
