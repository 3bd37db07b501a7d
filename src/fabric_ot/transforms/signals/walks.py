"""The walk along a block of samples that decides which are kept, and what each of these stands for.

Spark copies the state of such a walk at every step. So the state is of constant size, but for one character per sample
that says whether it is kept: rows and lists of kept ones in it would cost their square.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.numbers import finite_or_null, nonzero
from fabric_ot.transforms.samples import is_counted

Slopes = tuple[Column, Column]
Fires = Callable[[Column, Column], Column]
"""Of the state and a point: whether the sample before the point must be kept."""

_KEPT, _LEFT_OUT = "1", "0"


def walk_blocks(
    samples: DataFrame, *, limit: Column, longest: Column, is_held: Column, block_us: int, fires: Fires
) -> DataFrame:
    """Walk along each block and stretch of equal quality; keep its first and last sample, and those of the walk.

    Where `is_held`, a point that fires is kept itself and begins anew; else the one before it does.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality` and more (of types that can be sorted).
    Columns out: `_row` (struct: the sample), `stands_for_count` (long: itself and those left out until the next one),
                 `max_error` (double: how far the furthest of these is from what is told of it; null without a number).
    Grain out:   one row per kept sample.
    Cost:        one shuffle by `tag_id`; a block lies in memory as one array.
    """
    gathered = _gathered(samples, limit, longest, is_held, block_us)
    # a column of its own: inside the lambdas that read it, the walk would be done again for every sample
    walked = gathered.withColumn("_places", _places(_flags(sf.col("_samples"), fires)))
    return walked.select(sf.explode(_told(sf.col("_samples"), sf.col("_places"))).alias("_kept")).select("_kept.*")


def narrowed(state: Column, point: Column) -> Slopes:
    """Return the lowest and highest slope of a line from the last kept sample that no sample since forbids."""
    low = sf.greatest(state["low"], _slope(state["origin"], point, -point["limit"]))
    return low, sf.least(state["high"], _slope(state["origin"], point, point["limit"]))


def slope_to(state: Column, point: Column) -> Column:
    """Return the slope of the line from the last kept sample to `point`."""
    return _slope(state["origin"], point, sf.lit(0.0))


def _gathered(samples: DataFrame, limit: Column, longest: Column, is_held: Column, block_us: int) -> DataFrame:
    """Gather each block and stretch of equal quality of a tag into one array of points and rows, sorted by time."""
    at = sf.unix_micros("event_time_utc")
    fields = {"at": at, "value": sf.col("value_double"), "limit": limit, "longest": longest, "is_held": is_held}
    point = sf.struct(*[column.alias(name) for name, column in fields.items()])
    sample = sf.struct(point.alias("point"), sf.struct(*samples.columns).alias("row"))
    in_time = Window.partitionBy("tag_id").orderBy("event_time_utc")
    numbered = samples.withColumn("_has_number", is_counted())
    same = (sf.lag("quality").over(in_time) == sf.col("quality")) & sf.lag("_has_number").over(in_time)
    starts = ~sf.coalesce(same & sf.col("_has_number"), sf.lit(False))
    marked = numbered.withColumn("_starts", starts.cast("int"))
    runs = marked.select(
        "tag_id",
        (at - sf.pmod(at, sf.lit(block_us))).alias("_block"),
        sf.sum("_starts").over(in_time).alias("_run"),
        sample.alias("_sample"),
    )
    return runs.groupBy("tag_id", "_block", "_run").agg(sf.sort_array(sf.collect_list("_sample")).alias("_samples"))


def _flags(samples: Column, fires: Fires) -> Column:
    """Return a text with one character per sample: whether it is kept."""
    first, infinity = sf.get(samples, sf.lit(0))["point"], float("inf")
    start = _state(sf.lit(""), first, first, (sf.lit(-infinity), sf.lit(infinity)))
    others = sf.slice(samples, 2, sf.size(samples))
    return sf.aggregate(others, start, lambda state, sample: _step(state, sample["point"], fires), _with_last)


def _with_last(state: Column) -> Column:
    return sf.concat(state["flags"], sf.lit(_KEPT))


def _state(flags: Column, origin: Column, previous: Column, slopes: Slopes) -> Column:
    """Return what the walk knows: flags before `previous`, the last kept point, the last one seen, the open slopes."""
    fields = {"flags": flags, "origin": origin, "previous": previous, "low": slopes[0], "high": slopes[1]}
    return sf.struct(*[column.alias(name) for name, column in fields.items()])


def _step(state: Column, point: Column, fires: Fires) -> Column:
    previous, limit = state["previous"], point["limit"]
    is_too_long = sf.coalesce(point["at"] - state["origin"]["at"] > point["longest"], sf.lit(False))
    is_kept_already = previous["at"] == state["origin"]["at"]
    goes_on = sf.when(is_kept_already, _KEPT).otherwise(_LEFT_OUT)
    waits = _state(sf.concat(state["flags"], goes_on), state["origin"], point, narrowed(state, point))
    origin = sf.when(point["is_held"], point).otherwise(previous)
    opened = (_slope(previous, point, -limit), _slope(previous, point, limit))
    keeps = _state(sf.concat(state["flags"], sf.lit(_KEPT)), origin, point, opened)
    return sf.when(fires(state, point) | is_too_long, keeps).otherwise(waits)


def _slope(origin: Column, point: Column, aside: Column) -> Column:
    return (point["value"] - origin["value"] + aside) / nonzero(point["at"] - origin["at"])


def _places(flags: Column) -> Column:
    """Return where the kept samples stand, from 1."""
    numbered = sf.transform(sf.split(flags, ""), lambda flag, n: sf.when(flag == _KEPT, n + 1))
    return sf.filter(numbered, lambda place: place.isNotNull())


def _told(samples: Column, places: Column) -> Column:
    """Return the kept samples, each with what it stands for."""
    following = sf.slice(places, 2, sf.size(places))
    spans = sf.zip_with(places, following, lambda place, end: sf.struct(place.alias("from"), end.alias("to")))
    return sf.transform(spans, lambda span: _stands_for(samples, span))


def _stands_for(samples: Column, span: Column) -> Column:
    own = sf.element_at(samples, span["from"])
    count = sf.coalesce(span["to"], span["from"] + 1) - span["from"]
    following = sf.get(samples, span["to"] - 1)["point"]
    errors = sf.transform(
        sf.slice(samples, span["from"], count),
        lambda sample: finite_or_null(
            sf.abs(sample["point"]["value"] - _line(own["point"], following, sample["point"]))
        ),
    )
    return sf.struct(
        own["row"].alias("_row"), count.cast("long").alias("stands_for_count"), sf.array_max(errors).alias("max_error")
    )


def _line(origin: Column, following: Column, point: Column) -> Column:
    """Return what is told of a point left out: the value that is held, or the line to the next kept one."""
    share = (point["at"] - origin["at"]) / nonzero(following["at"] - origin["at"])
    rise = sf.when(~origin["is_held"], (following["value"] - origin["value"]) * share)
    return origin["value"] + sf.coalesce(rise, sf.lit(0.0))
