"""What is wrong with a rule before any row is read: in its own words, or against the schemas it is to judge."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pyspark.sql import DataFrame
from pyspark.sql.types import BooleanType, DataType, DateType, NumericType, StringType, TimestampType

from fabric_ot.contracts.rules import (
    AddsUp,
    DeclaredRule,
    ForeignKey,
    InOrder,
    InRange,
    InSet,
    Matches,
    Monotonic,
    NotFuture,
    NotNull,
    Unique,
    operands,
)
from fabric_ot.errors import ColumnContractError

_FAMILIES: tuple[tuple[type[DataType], str], ...] = (
    (NumericType, "number"),
    (StringType, "text"),
    (TimestampType, "instant"),
    (DateType, "date"),
    (BooleanType, "boolean"),
)
_ORDERED = ("number", "instant", "date")


def problems_of_rules(rules: Sequence[DeclaredRule], *, has_clock: bool) -> list[str]:
    """Return what is wrong with the rules themselves, one text per problem.

    Example:
        >>> problems_of_rules([NotFuture("late", "at_utc"), InRange("high", "x")], has_clock=False)
        ['late: needs a clock, now_utc=...', 'high: has neither minimum nor maximum']
    """
    problems = []
    for rule in rules:
        if not rule.reason or not operands(rule):
            problems.append(f"{rule!r}: names no reason or no column")
        if isinstance(rule, NotFuture) and not has_clock:
            problems.append(f"{rule.reason}: needs a clock, now_utc=...")
        problems += [f"{rule.reason}: {problem}" for problem in _own_problems(rule)]
    return problems


def require_schema(
    where: str, rows: DataFrame, rules: Sequence[DeclaredRule], parents: Mapping[str, DataFrame]
) -> None:
    """Raise `ColumnContractError` where `rows` or `parents` lack what the rules read, or hold it in another type.

    Schemas are read, nothing runs; all problems come in one error.
    """
    missing = {name for rule in rules for name in operands(rule) if name not in rows.columns}
    if missing:
        place = f"rules of {where}"
        raise ColumnContractError.from_missing(place, sorted(missing), rows.columns)
    problems = [f"{rule.reason}: {text}" for rule in rules for text in _type_problems(rule, families_of(rows))]
    for rule in rules:
        if isinstance(rule, ForeignKey):
            found = _parent_problems(rule, families_of(rows), parents)
            problems += [f"{rule.reason}: {text}" for text in found]
    if problems:
        message = f"rules of {where}: {len(problems)} problem(s):\n" + "\n".join(f"  - {text}" for text in problems)
        raise ColumnContractError(message)


def families_of(frame: DataFrame) -> dict[str, str]:
    """Return the family of types of each column: number, text, instant, date, boolean or the type's own name."""
    return {field.name: _family(field.dataType) for field in frame.schema.fields}


def _family(data_type: DataType) -> str:
    return next((name for kind, name in _FAMILIES if isinstance(data_type, kind)), data_type.simpleString())


def _family_of_value(value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"),
        ((int, float, Decimal), "number"),
        (dt.datetime, "instant"),
        (dt.date, "date"),
        (str, "text"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)


def _own_problems(rule: DeclaredRule) -> list[str]:
    if isinstance(rule, NotNull):
        return ["lets a null pass, and nothing else could fail"] if rule.nulls == "pass" else []
    if isinstance(rule, InRange):
        return _range_problems(rule)
    if isinstance(rule, InSet):
        return _set_problems(rule)
    if isinstance(rule, Matches):
        return _pattern_problems(rule.pattern)
    if isinstance(rule, AddsUp):
        return [] if rule.parts and rule.tolerance >= 0 else ["has no parts, or a tolerance below zero"]
    if isinstance(rule, Monotonic):
        return [] if rule.order_by else ["has no order_by"]
    if isinstance(rule, ForeignKey) and rule.parent_columns and len(rule.parent_columns) != len(rule.columns):
        return [f"{len(rule.columns)} column(s) refer to {len(rule.parent_columns)} of {rule.parent}"]
    return []


def _range_problems(rule: InRange) -> list[str]:
    bounds = [bound for bound in (rule.minimum, rule.maximum) if bound is not None]
    if not bounds:
        return ["has neither minimum nor maximum"]
    if any(bound != bound for bound in bounds):
        return ["a bound is NaN"]
    if any(isinstance(bound, dt.datetime) and bound.tzinfo is None for bound in bounds):
        return ["a bound is an instant without a time zone"]
    if len({_family_of_value(bound) for bound in bounds}) > 1:
        return [f"its bounds {bounds} are of two kinds"]
    return [f"its minimum is above its maximum: {bounds}"] if bounds[0] > bounds[-1] else []  # type: ignore[operator]


def _set_problems(rule: InSet) -> list[str]:
    families = {_family_of_value(value) for value in rule.values}
    if len(families) != 1:
        return [f"its values are of {sorted(families) or 'no kind: the set is empty'}"]
    return ["NaN is no value to be in a set"] if any(value != value for value in rule.values) else []


def _pattern_problems(pattern: str) -> list[str]:
    # the one thing of Java's dialect that Python refuses and plants use
    portable = re.sub(r"\\[pP]\{\w+\}", "x", pattern)
    try:
        re.compile(portable)
    except re.error as error:
        return [f"{pattern!r} is no regular expression: {error}"]
    return []


def _type_problems(rule: DeclaredRule, families: Mapping[str, str]) -> list[str]:
    def wrong(column: str, wanted: Sequence[str]) -> list[str]:
        if families[column] in wanted:
            return []
        return [f"column {column!r} is of kind {families[column]}, the rule is about {' or '.join(wanted)}"]

    if isinstance(rule, InRange):
        bound = rule.minimum if rule.minimum is not None else rule.maximum
        return wrong(rule.column, [_family_of_value(bound)])
    if isinstance(rule, InSet):
        return wrong(rule.column, [_family_of_value(rule.values[0])])
    if isinstance(rule, Matches):
        return wrong(rule.column, ["text"])
    if isinstance(rule, NotFuture):
        return wrong(rule.column, ["instant"])
    if isinstance(rule, InOrder):
        return wrong(rule.first, _ORDERED) or wrong(rule.second, [families[rule.first]])
    if isinstance(rule, AddsUp):
        return [text for column in operands(rule) for text in wrong(column, ["number"])]
    if isinstance(rule, Monotonic):
        return wrong(rule.column, _ORDERED)
    comparable = (*_ORDERED, "text", "boolean")
    return [text for column in rule.columns for text in wrong(column, comparable)] if isinstance(rule, Unique) else []


def _parent_problems(key: ForeignKey, families: Mapping[str, str], parents: Mapping[str, DataFrame]) -> list[str]:
    if key.parent not in parents:
        return [f"no frame of its parent {key.parent!r} was passed; parents are {sorted(parents)}"]
    theirs = families_of(parents[key.parent])
    names = key.parent_columns or key.columns
    needed = [*names, *([key.valid_from, key.valid_to] if key.as_of else [])]
    missing = [name for name in needed if name not in theirs]
    if missing:
        return [f"its parent {key.parent!r} has no column {missing}, it has {sorted(theirs)}"]
    pairs = list(zip(key.columns, names, strict=True))
    if key.as_of:
        pairs += [(key.as_of, key.valid_from), (key.as_of, key.valid_to)]
    return [
        f"column {own!r} is of kind {families[own]}, {their!r} of {key.parent!r} is of kind {theirs[their]}"
        for own, their in pairs
        if families[own] != theirs[their]
    ]
