"""How the names of tags stand for levels of ISA-95: declared per plant, in `landing.json` under `namespace`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

ISA95_LEVELS: tuple[str, ...] = ("enterprise", "site", "area", "work_center", "work_unit")
"""The levels of ISA-95 (IEC 62264); a work center is a line or process cell, a work unit a machine in it."""


@dataclass(frozen=True)
class NamespaceRule:
    """The levels of topics (`uns_...`) and of the three names of Sparkplug; see `TopicLayout` and `SparkplugFold`."""

    uns_levels: tuple[str, ...] = ISA95_LEVELS
    uns_root: tuple[str, ...] = ()
    uns_separator: str = "/"
    uns_contract_prefix: str = ""
    sparkplug_group: tuple[str, ...] = ("enterprise", "site", "area")
    sparkplug_edge_node: tuple[str, ...] = ("work_center",)
    sparkplug_device: tuple[str, ...] = ("work_unit",)
    sparkplug_separator: str = ":"

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as `landing.json` holds it.

        Example:
            >>> NamespaceRule().to_dict()["sparkplug_device"]
            ['work_unit']
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def parse_namespace(item: Any, problems: list[str]) -> NamespaceRule:
    """Read the `namespace` of `landing.json`; what cannot be used is added to `problems`."""
    if not isinstance(item, dict):
        problems.append(f"namespace: expected an object, found {item!r}")
        return NamespaceRule()
    kinds = {field.name: type(field.default) for field in fields(NamespaceRule)}
    wrong = [name for name, value in item.items() if not _fits(value, kinds.get(name))]
    problems += [f"namespace.{name}: unknown, or neither text nor a list of texts as it should be" for name in wrong]
    good: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in item.items() if name not in wrong
    }
    return NamespaceRule(**good)


def _fits(value: Any, kind: type | None) -> bool:
    if kind is tuple:
        return isinstance(value, list) and all(isinstance(level, str) for level in value)
    return kind is str and isinstance(value, str)
