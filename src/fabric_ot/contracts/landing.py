"""The landing contract: which files are read how, and which topic is decoded by what.

Everything that differs from plant to plant is declared in `Files/landing/landing.json`; `parse_landing_config`
turns it into these objects and reports all problems at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from fabric_ot.contracts.broker_columns import HIVEMQ_PLACEHOLDERS, parse_broker_columns
from fabric_ot.contracts.eventstream import EventstreamTable, parse_eventstreams
from fabric_ot.contracts.json_mapping import JsonMapping, parse_json_mapping
from fabric_ot.contracts.namespace import NamespaceRule, parse_namespace
from fabric_ot.errors import ConfigError

__all__ = [
    "HIVEMQ_PLACEHOLDERS", "CsvMapping", "CsvValue", "Decoder", "EventstreamTable", "IntervalLabel", "LandingConfig",
    "TopicRule", "parse_landing_config",
]  # fmt: skip

Decoder = Literal["sparkplug", "uns_json", "historian", "reference"]
IntervalLabel = Literal["instant", "start", "end"]


@dataclass(frozen=True)
class TopicRule:
    """Messages whose topic matches `filter` (MQTT wildcards `+` and `#`) are decoded by `decoder`.

    `json` tells the shape of JSON that has none of the standard ones.
    """

    filter: str
    decoder: Literal["sparkplug", "uns_json"]
    json: JsonMapping | None = None


@dataclass(frozen=True)
class CsvValue:
    """One value column of a historian row: which tag it samples and in which unit."""

    column: str
    tag_id: str
    unit: str | None = None


@dataclass(frozen=True)
class CsvMapping:
    """CSV files below `Files/landing` that share one header.

    `kind` "reference" rows become reference tables (`name` is the entity); "historian" rows become readings.
    `columns` is the whole header in order: a file with another header is refused by name.
    `end_of_day_is_midnight` repairs interval-end stamps whose last interval of a day carries the same day's 00:00.
    """

    name: str
    kind: Literal["historian", "reference"]
    path: str
    columns: tuple[str, ...]
    delimiter: str = ","
    timestamp_column: str | None = None
    timestamp_format: str | None = None
    time_zone: str = "UTC"
    interval_label: IntervalLabel = "instant"
    interval_s: float | None = None
    end_of_day_is_midnight: bool = False
    values: tuple[CsvValue, ...] = ()

    @property
    def topic(self) -> str:
        """The topic that rows of this mapping carry in `plant.message`.

        Example:
            >>> CsvMapping("tag", "reference", "reference/tag*.csv", ("tag_id",)).topic
            'reference/tag'
        """
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class LandingConfig:
    """All declared mappings of one plant."""

    topics: tuple[TopicRule, ...] = ()
    hivemq_columns: tuple[tuple[str, str], ...] = ()
    csv: tuple[CsvMapping, ...] = ()
    namespace: NamespaceRule = field(default_factory=NamespaceRule)
    eventstreams: tuple[EventstreamTable, ...] = ()

    def to_json(self) -> str:
        """Return the text that `parse_landing_config` reads back.

        Example:
            >>> parse_landing_config(LandingConfig().to_json()) == LandingConfig()
            True
        """
        document = {
            "topics": [_topic_to_dict(rule) for rule in self.topics],
            "hivemq_columns": dict(self.hivemq_columns),
            "eventstreams": [table.to_dict() for table in self.eventstreams],
            "csv": [_csv_to_dict(m) for m in self.csv],
            "namespace": self.namespace.to_dict(),
        }
        return json.dumps(document, indent=2) + "\n"


_KEYS = ("topics", "hivemq_columns", "eventstreams", "csv", "namespace")


def parse_landing_config(text: str) -> LandingConfig:
    """Read `landing.json`; raise `ConfigError` with every problem found."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ConfigError("landing.json", [f"not JSON: {exc}"]) from exc
    if not isinstance(document, dict):
        raise ConfigError("landing.json", [f"expected an object, found {type(document).__name__}"])
    problems: list[str] = []
    unknown = sorted(set(document) - set(_KEYS))
    if unknown:
        problems.append(f"unknown keys {unknown}; known: {', '.join(_KEYS)}")
    topics = tuple(_topic(item, n, problems) for n, item in enumerate(document.get("topics", [])))
    columns = parse_broker_columns(document.get("hivemq_columns", {}), "hivemq_columns", problems)
    eventstreams = parse_eventstreams(document.get("eventstreams", []), problems)
    namespace = parse_namespace(document.get("namespace", {}), problems)
    mappings = tuple(_csv(item, n, problems) for n, item in enumerate(document.get("csv", [])))
    names = [mapping.topic for mapping in mappings if mapping]
    problems += [f"csv: two mappings are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise ConfigError("landing.json", problems)
    return LandingConfig(
        tuple(t for t in topics if t), columns, tuple(m for m in mappings if m), namespace, eventstreams
    )


def _topic(item: Any, n: int, problems: list[str]) -> TopicRule | None:
    where = f"topics[{n}]"
    if not isinstance(item, dict) or set(item) - {"json"} != {"filter", "decoder"}:
        problems.append(f"{where}: needs exactly 'filter' and 'decoder' (and 'json', where declared), found {item!r}")
        return None
    levels = str(item["filter"]).split("/")
    if any("#" in level and (level != "#" or i != len(levels) - 1) for i, level in enumerate(levels)):
        problems.append(f"{where}: '#' must be the last level, alone, found {item['filter']!r}")
    if any("+" in level and level != "+" for level in levels):
        problems.append(f"{where}: '+' must fill a whole level, found {item['filter']!r}")
    if item["decoder"] not in ("sparkplug", "uns_json"):
        problems.append(f"{where}: decoder must be sparkplug or uns_json, found {item['decoder']!r}")
        return None
    mapping = parse_json_mapping(item["json"], f"{where}.json", problems) if "json" in item else None
    if mapping and item["decoder"] != "uns_json":
        problems.append(f"{where}: json belongs to decoder uns_json, found {item['decoder']!r}")
    return TopicRule(str(item["filter"]), item["decoder"], mapping)


def _topic_to_dict(rule: TopicRule) -> dict[str, Any]:
    told = {"filter": rule.filter, "decoder": rule.decoder}
    return told if rule.json is None else {**told, "json": rule.json.to_dict()}


_CSV_KEYS = {
    "name", "kind", "path", "columns", "delimiter", "timestamp_column", "timestamp_format", "time_zone",
    "interval_label", "interval_s", "end_of_day_is_midnight", "values",
}  # fmt: skip


def _csv(item: Any, n: int, problems: list[str]) -> CsvMapping | None:
    where = f"csv[{n}]"
    if not isinstance(item, dict) or not {"name", "kind", "path", "columns"} <= set(item):
        problems.append(f"{where}: needs name, kind, path and columns, found {item!r}")
        return None
    where = f"csv[{n}] {item['name']!r}"
    unknown = sorted(set(item) - _CSV_KEYS)
    if unknown:
        problems.append(f"{where}: unknown keys {unknown}")
        return None
    if item["kind"] not in ("historian", "reference"):
        problems.append(f"{where}: kind must be historian or reference, found {item['kind']!r}")
    if ".." in str(item["path"]).split("/") or str(item["path"]).startswith("/"):
        problems.append(f"{where}: path must stay below Files/landing, found {item['path']!r}")
    if item.get("interval_label", "instant") not in get_args(IntervalLabel):
        problems.append(f"{where}: interval_label must be one of {get_args(IntervalLabel)}")
    values = tuple(CsvValue(**value) for value in item.get("values", []))
    needed = [v.column for v in values] + ([item["timestamp_column"]] if item.get("timestamp_column") else [])
    missing = sorted(set(needed) - set(item["columns"]))
    if missing:
        problems.append(f"{where}: column(s) {missing} are not in the declared header {item['columns']}")
    if item["kind"] == "historian" and not (item.get("timestamp_column") and item.get("timestamp_format") and values):
        problems.append(f"{where}: a historian mapping needs timestamp_column, timestamp_format and values")
    if item.get("interval_label", "instant") != "instant" and not item.get("interval_s"):
        problems.append(f"{where}: interval labels need interval_s")
    fields = {k: v for k, v in item.items() if k not in ("columns", "values")}
    return CsvMapping(columns=tuple(item["columns"]), values=values, **fields)


def _csv_to_dict(mapping: CsvMapping) -> dict[str, Any]:
    skip = {"columns", "values"}
    fields = {k: v for k, v in vars(mapping).items() if k not in skip and v is not None}
    values = [{k: v for k, v in vars(value).items() if v is not None} for value in mapping.values]
    return {**fields, "columns": list(mapping.columns), "values": values}
