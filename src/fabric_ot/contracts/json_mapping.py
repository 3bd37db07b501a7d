"""How JSON of another shape than the standard ones is read: declared per topic filter, in `landing.json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

STANDARD_MEMBERS: dict[str, str] = {
    "timestamp": "timestamp_ms",
    "value": "value",
    "quality": "quality",
    "unit": "unit",
    "sequence": "sequence",
}
"""Role -> the member that plays it in the standard shapes; these names are never tags."""

EPOCH_FORMATS: tuple[str, ...] = ("epoch_ms", "epoch_s")


@dataclass(frozen=True)
class JsonMapping:
    """Which member plays which role; a role that is not named keeps its standard name.

    `timestamp_format` is `epoch_ms`, `epoch_s` (a fraction is allowed) or a Spark datetime pattern; a wall time
    without an offset is one of `time_zone`. `ignored` members are no tags.
    """

    timestamp: str = STANDARD_MEMBERS["timestamp"]
    timestamp_format: str = "epoch_ms"
    time_zone: str = "UTC"
    value: str = STANDARD_MEMBERS["value"]
    quality: str = STANDARD_MEMBERS["quality"]
    unit: str = STANDARD_MEMBERS["unit"]
    sequence: str = STANDARD_MEMBERS["sequence"]
    ignored: tuple[str, ...] = ()

    @property
    def renamed(self) -> dict[str, str]:
        """The members that play a role under another name, and their standard names.

        Example:
            >>> JsonMapping(timestamp="ts").renamed
            {'ts': 'timestamp_ms'}
        """
        named = {getattr(self, role): standard for role, standard in STANDARD_MEMBERS.items()}
        return {name: standard for name, standard in named.items() if name != standard}

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from the default, as `landing.json` holds it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != getattr(JsonMapping(), name)
        }


def parse_json_mapping(item: Any, where: str, problems: list[str]) -> JsonMapping | None:
    """Read the `json` of one topic rule; what cannot be used is added to `problems`."""
    if not isinstance(item, dict):
        problems.append(f"{where}: expected an object, found {item!r}")
        return None
    known = [field.name for field in fields(JsonMapping)]
    wrong = [name for name, value in item.items() if name not in known or not _fits(name, value)]
    problems += [f"{where}.{name}: unknown, or neither text nor a list of texts as it should be" for name in wrong]
    good: dict[str, Any] = {n: tuple(value) if n == "ignored" else value for n, value in item.items() if n not in wrong}
    mapping = JsonMapping(**good)
    members = [*(getattr(mapping, role) for role in STANDARD_MEMBERS), *mapping.ignored]
    twice = sorted({name for name in members if members.count(name) > 1})
    if twice:
        problems.append(f"{where}: member(s) {twice} play more than one role")
    return mapping


def _fits(name: str, value: Any) -> bool:
    if name == "ignored":
        return isinstance(value, list) and all(isinstance(member, str) for member in value)
    return isinstance(value, str) and bool(value)
