"""Equality of frames: as multisets of rows, with NaN equal to NaN and to nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SHOWN = 5


def assert_frames_equal(
    actual: DataFrame,
    expected: DataFrame,
    *,
    ignore: Sequence[str] = (),
    tolerance: float = 0.0,
) -> None:
    """Fail unless both frames have the same columns and types and, in any order, the same rows.

    NaN equals NaN only (pyspark's own assertion takes it for any number), null equals null only.

    Args:
        actual: what came out.
        expected: what should have come out.
        ignore: columns left out of the comparison.
        tolerance: the greatest absolute difference of two equal floating-point numbers.

    Raises:
        AssertionError: with the columns, or the first rows, that differ.
    """
    left, right = actual.drop(*ignore), expected.drop(*ignore)
    if left.dtypes != right.dtypes:
        message = f"columns differ.\nActual:   {left.dtypes}\nExpected: {right.dtypes}"
        raise AssertionError(message)
    found, wanted = (sorted(map(tuple, rows.collect()), key=_sort_key) for rows in (left, right))
    problems = _differences(found, wanted, tolerance)
    if problems:
        shown = "\n".join(problems[:_SHOWN])
        message = f"{len(found)} row(s) found, {len(wanted)} expected; {len(problems)} differ.\n{shown}"
        raise AssertionError(message)


def _differences(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]], tolerance: float) -> list[str]:
    if len(found) != len(wanted):
        only_found, only_wanted = _without(found, wanted), _without(wanted, found)
        return [f"only found:    {row}" for row in only_found] + [f"only expected: {row}" for row in only_wanted]
    pairs = zip(found, wanted, strict=True)
    return [f"found:    {a}\nexpected: {b}" for a, b in pairs if not _is_same(a, b, tolerance)]


def _without(rows: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    left = [repr(other) for other in others]
    kept = []
    for row in rows:
        if repr(row) in left:
            left.remove(repr(row))
        else:
            kept.append(row)
    return kept


def _sort_key(row: tuple[Any, ...]) -> tuple[str, str]:
    # Numbers last: a difference within the tolerance must not change which rows are compared.
    exact = tuple(value for value in row if not isinstance(value, float))
    return repr(exact), repr(tuple(value for value in row if isinstance(value, float)))


def _is_same(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b or abs(a - b) <= tolerance
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_is_same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_is_same(a[key], b[key], tolerance) for key in a)
    return type(a) is type(b) and bool(a == b)
