"""Numbers as every transform reads them: finite or not, divisors, columns that must be numbers."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import NumericType

from fabric_ot.errors import ColumnContractError
from fabric_ot.transforms.intervals import require_columns

_INFINITY = float("inf")


def is_finite(number: Column) -> Column:
    """Say whether `number` is neither null nor NaN nor infinite; never null itself."""
    # NaN is greater than infinity here, so one comparison refuses both
    return sf.coalesce(sf.abs(number) < sf.lit(_INFINITY), sf.lit(False))


def finite_or_null(number: Column) -> Column:
    """Return `number`, or null where it is NaN or infinite: undefined, or overflowed."""
    return sf.when(is_finite(number), number)


def nonzero(divisor: Column) -> Column:
    """Return `divisor`, null where it is 0: Spark 3.5's `nullif` cannot be built on columns of a frame yet to come."""
    return sf.when(divisor != 0, divisor)


def require_numbers(where: str, frame: DataFrame, names: Sequence[str]) -> None:
    """Raise `ColumnContractError` unless `frame` has all `names`, and each is a number."""
    require_columns(where, frame, names)
    wrong = {n: frame.schema[n].dataType.simpleString() for n in names}
    wrong = {n: found for n, found in wrong.items() if not isinstance(frame.schema[n].dataType, NumericType)}
    if wrong:
        message = f"{where}: column(s) that should be numbers: {wrong}.\nHint: cast them, or correct the source"
        raise ColumnContractError(message)
