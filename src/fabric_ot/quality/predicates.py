"""Predicates of one row: each returns a boolean Column that is null where an operand is null.

They know no schema, so NaN is only told apart where an order of numbers tells it; `rules` takes it away beforehand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import Bound
from fabric_ot.errors import ContractError

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INFINITY = float("inf")


def is_in_range(
    value: Column, *, minimum: Bound | None = None, maximum: Bound | None = None, strict: bool = False
) -> Column:
    """Say whether `minimum <= value <= maximum` (`<` where `strict`); NaN and infinity lie in no range of numbers.

    An absent bound is open. Instants are given with their zone.

    Raises:
        ContractError: both bounds are absent, or a bound is a datetime without a zone.
    """
    given = minimum if minimum is not None else maximum
    if given is None:
        message = "is_in_range: neither minimum nor maximum\nHint: minimum=0"
        raise ContractError(message)
    is_number = isinstance(given, int | float | Decimal)
    tests: list[Column] = [value > -_INFINITY, value < _INFINITY] if is_number else []
    if minimum is not None:
        tests.append(value > _literal(minimum) if strict else value >= _literal(minimum))
    if maximum is not None:
        tests.append(value < _literal(maximum) if strict else value <= _literal(maximum))
    return all_of(tests)


def is_in_set(value: Column, values: Sequence[str | int | float | bool]) -> Column:
    """Say whether `value` is one of `values`; of none where `values` is empty."""
    return value.isin(*values) if values else value.isNull() & sf.lit(None).cast("boolean")


def is_match(text: Column, pattern: str) -> Column:
    r"""Say whether all of `text` matches `pattern`, a Java regular expression; a last line break is not passed over."""
    return text.rlike(rf"\A(?:{pattern})\z")


def is_not_future(at: Column, *, now_utc: dt.datetime, tolerance: dt.timedelta = dt.timedelta(0)) -> Column:
    """Say whether the instant `at` is not later than `now_utc` by more than `tolerance`; the clock is a parameter."""
    return at <= _literal(now_utc + tolerance)


def is_in_order(first: Column, second: Column, *, strict: bool = False) -> Column:
    """Say whether `first <= second`, or `first < second` where `strict`."""
    return first < second if strict else first <= second


def is_sum(whole: Column, parts: Sequence[Column], *, tolerance: float = 0.0) -> Column:
    """Say whether `whole` is the sum of `parts` within `tolerance`; null where a sum of integers overflows."""
    difference = whole
    for part in parts:
        difference = sf.try_subtract(difference, part)
    return (difference >= -tolerance) & (difference <= tolerance)


def all_of(conditions: Sequence[Column]) -> Column:
    """Say whether all `conditions` hold; true of none."""
    found = sf.lit(True)
    for condition in conditions:
        found = found & condition
    return found


def any_of(conditions: Sequence[Column]) -> Column:
    """Say whether one of `conditions` holds; false of none."""
    found = sf.lit(False)
    for condition in conditions:
        found = found | condition
    return found


def _literal(bound: Bound) -> Column:
    if not isinstance(bound, dt.datetime):
        return sf.lit(bound)
    if bound.tzinfo is None:
        message = f"an instant without a time zone: {bound!r}\nHint: dt.datetime(..., tzinfo=dt.UTC)"
        raise ContractError(message)
    return sf.timestamp_micros(sf.lit((bound - _EPOCH) // dt.timedelta(microseconds=1)))
