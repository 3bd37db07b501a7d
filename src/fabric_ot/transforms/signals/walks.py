"""The walk along a block of samples that decides which are kept.

Spark evaluates such a walk expression by expression. So the state is small: it refers to two samples of the block, and
holds the slopes that are left open and, as text, the places of the kept samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.numbers import finite_or_null
from fabric_ot.transforms.samples import is_counted


@dataclass(frozen=True)
class Sample:
    """One step of the walk: a sample, and what is the same of all: the optimizer folds what hangs on that alone."""

    own: Column
    same: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        """Return a field: at, value, is_good, limit, longest or is_held."""
        return self.same[name] if name in self.same else self.own[name]


Fires = Callable[[Column, Sample], Column]
"""Of the state and a sample: whether the sample before it must be kept."""


def walk_blocks(
    samples: DataFrame, *, same: Mapping[str, Column], by_sample: Mapping[str, Column], block_us: int, fires: Fires
) -> DataFrame:
    """Walk along each block; keep the first and last sample of each stretch of equal quality, and those of the walk.

    Where `is_held`, a sample that fires is kept itself and begins anew; else the one before it does. A sample without
    a number is a stretch of its own. `limit`, `longest` and `is_held` are told in `same` or `by_sample`.

    Columns in:  `tag_id`, `event_time_utc`, `value_double`, `quality` and more (of types that can be sorted).
    Columns out: `tag_id`, `_block` (long: when it begins, in microseconds), `_samples` (array of its samples: what the
                 walk needs of each, and in `rest` what neither that time nor the tag tells), `_places` (array of int:
                 which of them are kept, from 1).
    Grain out:   one row per block of a tag.
    Cost:        one shuffle by `tag_id` and block; a block lies in memory as one array.
    """
    gathered = _gathered(samples, by_sample, block_us)
    # a column of its own: inside the lambdas that read it, the walk would be done again for every sample
    return gathered.withColumn("_places", _places(sf.col("_samples"), same, fires))


def slope_to(state: Column, sample: Sample) -> Column:
    """Return the slope of the line from the last kept sample to `sample`."""
    origin = state["origin"]
    return sf.try_divide(sample["value"] - origin["value"], sample["at"] - origin["at"])


def lowest_slope(state: Column, sample: Sample) -> Column:
    """Return the lowest slope of a line from the last kept sample that `sample` and those since leave open."""
    origin = state["origin"]
    rise = sample["value"] - sample["limit"] - origin["value"]
    return sf.greatest(state["low"], sf.try_divide(rise, sample["at"] - origin["at"]))


def highest_slope(state: Column, sample: Sample) -> Column:
    """Return the highest such slope."""
    origin = state["origin"]
    rise = sample["value"] + sample["limit"] - origin["value"]
    return sf.least(state["high"], sf.try_divide(rise, sample["at"] - origin["at"]))


def _gathered(samples: DataFrame, by_sample: Mapping[str, Column], block_us: int) -> DataFrame:
    """Gather each block of a tag into one array, sorted by time.

    The time of a sample is that since its block began, a double, exact up to 2**53 microseconds: the walk, which Spark
    interprets, divides by its differences, and would cast each of them.
    """
    micros = sf.unix_micros("event_time_utc")
    since = sf.pmod(micros, sf.lit(block_us))
    fields = {
        "at": since.cast("double"),
        "value": finite_or_null(sf.col("value_double")),
        "is_good": sf.when(is_counted(), sf.col("quality") == "GOOD"),
        **by_sample,
    }
    rest = sf.struct(*[name for name in samples.columns if name not in ("tag_id", "event_time_utc")])
    sample = sf.struct(*[column.alias(name) for name, column in fields.items()], rest.alias("rest"))
    blocks = samples.select("tag_id", (micros - since).alias("_block"), sample.alias("_sample"))
    return blocks.groupBy("tag_id", "_block").agg(sf.sort_array(sf.collect_list("_sample")).alias("_samples"))


def _places(samples: Column, same: Mapping[str, Column], fires: Fires) -> Column:
    """Return where the kept samples stand, from 1."""
    first = Sample(sf.get(samples, sf.lit(0)), same)
    start = _begun_at(first, kept=sf.lit("1"), place=sf.lit(1))
    others = sf.slice(samples, 2, sf.size(samples))
    kept = sf.aggregate(others, start, lambda state, own: _step(state, Sample(own, same), fires), _kept_with_previous)
    return sf.transform(sf.split(kept, ","), lambda place: place.cast("int"))


def _state(*, kept: Column, place: Column, origin: Column, previous: Column, low: Column, high: Column) -> Column:
    """Return what the walk knows.

    The places of the kept samples, the place of the last one seen, the last one kept, the last one seen, and between
    which slopes a line from the last one kept must be.
    """
    fields = {"kept": kept, "place": place, "origin": origin, "previous": previous, "low": low, "high": high}
    return sf.struct(*[column.alias(name) for name, column in fields.items()])


def _begun_at(sample: Sample, *, kept: Column, place: Column) -> Column:
    """Return the state in which `sample` itself is the last one kept: every slope is open."""
    low, high = sf.lit(-float("inf")), sf.lit(float("inf"))
    return _state(kept=kept, place=place, origin=sample.own, previous=sample.own, low=low, high=high)


def _step(state: Column, sample: Sample, fires: Fires) -> Column:
    origin, previous = state["origin"], state["previous"]
    is_same = previous["is_good"] == sample["is_good"]  # null where one has no number: then no branch below is taken
    is_too_long = sf.coalesce(sample["at"] - origin["at"] > sample["longest"], sf.lit(False))
    place = state["place"] + 1
    kept = _kept_with_previous(state)
    is_held, limit = sample["is_held"], sample["limit"]
    rise, run = sample["value"] - previous["value"], sample["at"] - previous["at"]
    waits = _state(
        kept=state["kept"],
        place=place,
        origin=origin,
        previous=sample.own,
        low=lowest_slope(state, sample),
        high=highest_slope(state, sample),
    )
    keeps_previous = _state(
        kept=kept,
        place=place,
        origin=previous,
        previous=sample.own,
        low=sf.try_divide(rise - limit, run),
        high=sf.try_divide(rise + limit, run),
    )
    keeps_both = _begun_at(sample, kept=sf.concat(kept, sf.lit(","), place.cast("string")), place=place)
    goes_on = is_same & ~is_too_long & ~sf.coalesce(fires(state, sample), sf.lit(False))
    return sf.when(goes_on, waits).when(is_same & ~is_held, keeps_previous).otherwise(keeps_both)


def _kept_with_previous(state: Column) -> Column:
    is_kept = state["previous"]["at"] == state["origin"]["at"]
    return sf.when(is_kept, state["kept"]).otherwise(
        sf.concat(state["kept"], sf.lit(","), state["place"].cast("string"))
    )
