"""Which column of a landed row plays which part of an MQTT message: declared by HiveMQ's placeholders."""

from __future__ import annotations

from typing import Any

HIVEMQ_PLACEHOLDERS: dict[str, str] = {
    "${mqtt-topic}": "topic",
    "${mqtt-payload}": "payload",
    "${mqtt-payload-base64}": "payload_base64",
    "${mqtt-payload-utf8}": "payload_utf8",
    "${mqtt-qos}": "qos",
    "${mqtt-retain}": "is_retained",
    "${timestamp}": "broker_time_ms",
}
"""What each placeholder of the HiveMQ Data Lake mapping means to us."""


def parse_broker_columns(
    item: Any, where: str, problems: list[str], *, needs_broker_time: bool = True
) -> tuple[tuple[str, str], ...]:
    """Read a mapping of columns to placeholders; what is wrong with it is added to `problems`.

    Example:
        >>> problems = []
        >>> parse_broker_columns({"t": "${mqtt-topic}", "b": "${mqtt-payload}"}, "columns", problems)
        (('t', '${mqtt-topic}'), ('b', '${mqtt-payload}'))
        >>> problems
        ['columns: no column is mapped to ${timestamp}']
    """
    if not isinstance(item, dict):
        problems.append(f"{where}: expected an object column -> placeholder, found {item!r}")
        return ()
    for column, placeholder in item.items():
        if placeholder not in HIVEMQ_PLACEHOLDERS:
            known = ", ".join(HIVEMQ_PLACEHOLDERS)
            problems.append(f"{where}.{column}: unknown placeholder {placeholder!r}; known: {known}")
    meanings = [HIVEMQ_PLACEHOLDERS.get(placeholder, "") for placeholder in map(str, item.values())]
    if item and "topic" not in meanings:
        problems.append(f"{where}: no column is mapped to ${{mqtt-topic}}")
    if item and sum(meaning.startswith("payload") for meaning in meanings) != 1:
        problems.append(f"{where}: exactly one column must carry the payload")
    if item and needs_broker_time and "broker_time_ms" not in meanings:
        problems.append(f"{where}: no column is mapped to ${{timestamp}}")
    return tuple((str(column), str(placeholder)) for column, placeholder in item.items())
