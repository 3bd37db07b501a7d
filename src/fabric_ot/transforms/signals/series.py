"""What every transform of one tag's samples shares: checked columns, usable values, limits per call or per tag."""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.roles import QUALITIES
from fabric_ot.errors import ColumnContractError, ConfigError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.samples import is_counted

SERIES: dict[str, str] = {
    "tag_id": "string",
    "event_time_utc": "timestamp",
    "value_double": "double",
    "quality": "string",
}
"""The columns of a sample that these transforms read, and their types."""

Limit = float | str
"""A number for all tags, or the name of a column that carries it (a limit per tag, joined from the catalogue)."""


def require_series(where: str, samples: DataFrame, **limits: Limit | None) -> None:
    """Raise unless `samples` has the columns of `SERIES` in their types, and each limit is positive or a column.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
        ConfigError: a limit is not a positive number.
    """
    named = [limit for limit in limits.values() if isinstance(limit, str)]
    require_columns(where, samples, [*SERIES, *named])
    found = dict(samples.dtypes)
    wrong = [f"{name} is {found[name]}, not {told}" for name, told in SERIES.items() if found[name] != told]
    if wrong:
        message = f"{where}: column(s) of the wrong type: {'; '.join(wrong)}.\nHint: cast them before the call."
        raise ColumnContractError(message)
    require_limits(where, **limits)


def require_limits(where: str, **limits: Limit | None) -> None:
    """Raise `ConfigError` unless each limit that is a number is positive and finite."""
    numbers = {name: limit for name, limit in limits.items() if limit is not None and not isinstance(limit, str)}
    problems = [
        f"{name} is {number}; a positive number (or the name of a column) is needed"
        for name, number in numbers.items()
        if not (math.isfinite(number) and number > 0)
    ]
    if problems:
        raise ConfigError(where, problems)


def limit_of(limit: Limit) -> Column:
    """Return the limit as a column: the one it names, or the number."""
    return sf.col(limit).cast("double") if isinstance(limit, str) else sf.lit(float(limit))


def limit_us(limit_s: Limit) -> Column:
    """Return a limit in seconds as whole microseconds."""
    return sf.round(limit_of(limit_s) * 1e6).cast("long")


def is_usable(*, treat_uncertain_as_bad: bool) -> Column:
    """Say whether a sample's value may enter a mean: a finite number, GOOD (or UNCERTAIN, where that is told)."""
    usable = is_counted()
    return usable & (sf.col("quality") == "GOOD") if treat_uncertain_as_bad else usable


def quality_rank(quality: str) -> Column:
    """Return how bad a quality is: 0 for GOOD to 3 for STALE; null for another word."""
    rank = sf.lit(None).cast("int")
    for n, name in enumerate(QUALITIES):
        rank = sf.when(sf.col(quality) == name, n).otherwise(rank)
    return rank


def quality_of_rank(rank: str) -> Column:
    """Return the quality that has a rank; null for none."""
    return sf.get(sf.array(*map(sf.lit, QUALITIES)), sf.col(rank))
