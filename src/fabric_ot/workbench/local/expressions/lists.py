"""The 10 collection functions, for texts, arrays and objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_ot.workbench.local.expressions.signature import Function
from fabric_ot.workbench.local.expressions.strings import units
from fabric_ot.workbench.local.expressions.values import Fault, as_integer, as_list, as_text, equal, to_text, type_name


def _sequence(value: Any) -> Any:
    if isinstance(value, str):
        return units(value)
    if isinstance(value, list):
        return value
    message = f"expects text or an array, found {type_name(value)}"
    raise Fault(message)


def _holds(values: list[Any], wanted: Any) -> bool:
    return any(equal(value, wanted) for value in values)


def _contains(collection: Any, wanted: Any) -> bool:
    if isinstance(collection, str):
        return as_text(wanted) in collection
    if isinstance(collection, Mapping):
        return as_text(wanted) in collection
    return _holds(as_list(collection), wanted)


def _empty(value: Any) -> bool:
    if value is None or isinstance(value, str | list | Mapping):
        return not value
    message = f"expects text, an array or an object, found {type_name(value)}"
    raise Fault(message)


def _end(value: Any, index: int) -> Any:
    sequence = _sequence(value)
    if sequence:
        return sequence[index]
    return "" if isinstance(sequence, str) else None


def _length(value: Any) -> int:
    # .NET counts UTF-16 units, which is also right for characters beyond U+FFFF.
    return len(value.encode("utf-16-le")) // 2 if isinstance(value, str) else len(_sequence(value))


def _count(value: Any) -> int:
    if as_integer(value) < 0:
        message = f"the count must not be negative, found {value}"
        raise Fault(message)
    return int(value)


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not _holds(kept, value):
            kept.append(value)
    return kept


def _all_objects(collections: tuple[Any, ...]) -> bool:
    if all(isinstance(collection, Mapping) for collection in collections):
        return True
    if all(isinstance(collection, list) for collection in collections):
        return False
    message = f"expects only arrays or only objects, found {', '.join(map(type_name, collections))}"
    raise Fault(message)


def _union(*collections: Any) -> Any:
    if _all_objects(collections):
        return {key: value for collection in collections for key, value in collection.items()}
    return _distinct([value for collection in collections for value in collection])


def _intersection(first: Any, *others: Any) -> Any:
    if _all_objects((first, *others)):
        return {k: v for k, v in first.items() if all(k in other and equal(other[k], v) for other in others)}
    return _distinct([value for value in first if all(_holds(other, value) for other in others)])


FUNCTIONS: tuple[Function, ...] = (
    Function("contains", _contains, 2, 2),
    Function("empty", _empty, 1, 1),
    Function("first", lambda value: _end(value, 0), 1, 1),
    Function("intersection", _intersection, 1, None),
    Function("join", lambda values, delimiter: as_text(delimiter).join(map(to_text, as_list(values))), 2, 2),
    Function("last", lambda value: _end(value, -1), 1, 1),
    Function("length", _length, 1, 1),
    Function("skip", lambda value, count: _sequence(value)[_count(count) :], 2, 2),
    Function("take", lambda value, count: _sequence(value)[: _count(count)], 2, 2),
    Function("union", _union, 1, None),
)
