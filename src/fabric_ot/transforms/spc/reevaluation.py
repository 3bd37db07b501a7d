"""Late data on control charts: from where a chart must be judged again, and from where it must be read for that."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.spc.points import POINT_COLUMNS
from fabric_ot.transforms.spc.rules import NELSON, longest_window

_COMPARED = (*POINT_COLUMNS, "limit_version", "center", "sigma", "ucl", "lcl")


def to_changed_points(points: DataFrame, judged: DataFrame, *, also: Sequence[str] = ()) -> DataFrame:
    """Turn the points of now and those that were judged before into the places where they differ.

    A point has changed where it is new, is gone, or has another value, run, size or limit; its verdict is not looked
    at. A corrected subgroup changes at its old and at its new time.

    Columns in:  both: `POINT_COLUMNS`, those of `join_limits`, *also.
    Columns out: `chart_id`, `event_time_utc`.
    Grain out:   one row per chart and instant with a change.
    Nulls:       a null equals a null.
    Cost:        one shuffle of both, after partial sums, and one of the changes, which are few.

    Raises:
        ColumnContractError: a column is missing.
    """
    compared = [*_COMPARED, *also]
    require_columns("to_changed_points points", points, compared)
    require_columns("to_changed_points judged", judged, compared)
    now, before = (frame.select(*compared, sf.lit(side).alias("_side")) for frame, side in ((points, 1), (judged, -1)))
    differing = now.unionByName(before).groupBy(*compared).agg(sf.sum("_side").alias("_sides"))
    return differing.where(sf.col("_sides") != 0).select("chart_id", "event_time_utc").distinct()


def to_reevaluations(judged: DataFrame, late: DataFrame, *, rules: Sequence[str] = NELSON) -> DataFrame:
    """Turn late samples or points into the suffix of each chart that must be judged again.

    A rule looks back over at most 15 points, so what lies before the earliest late one stands. To judge the suffix,
    read the samples from `read_from_utc` on, make points, fire the rules, and keep what is at or after
    `evaluate_from_utc`: it equals what judging the whole chart would give. Frozen limits are not computed again. A
    corrected subgroup is late at its old and at its new time: pass both.

    Columns in:  judged: `chart_id`, `statistic`, `event_time_utc`, `rules_fired`, as `with_fired_rules` gave them
                 before; late: `chart_id`, `event_time_utc`.
    Columns out: `chart_id`, `evaluate_from_utc`, `read_from_utc` (timestamp; at or before it).
    Grain out:   one row per chart of `late`.
    Nulls:       none in `chart_id`, `event_time_utc`; none come out.
    Cost:        one shuffle of `late` by chart, which is broadcast; one of the points before it by chart.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: no rule, or an unknown one.
    """
    require_columns("to_reevaluations judged", judged, ["chart_id", "statistic", "event_time_utc", "rules_fired"])
    require_columns("to_reevaluations late", late, ["chart_id", "event_time_utc"])
    looked_back = longest_window(rules)  # one more than a rule needs before it: a moving range needs a sample more
    starts = late.groupBy("chart_id").agg(sf.min("event_time_utc").alias("evaluate_from_utc"))
    is_before = sf.col("event_time_utc") < sf.col("evaluate_from_utc")
    before = judged.join(sf.broadcast(starts), "chart_id").where(is_before)
    backward = Window.partitionBy("chart_id", "statistic").orderBy(sf.desc("event_time_utc"))
    counted = sf.sum(sf.col("rules_fired").isNotNull().cast("int")).over(backward)  # skipped points do not count
    near = before.withColumn("_back", counted).where(sf.col("_back") <= looked_back)
    reads = near.groupBy("chart_id").agg(sf.min("event_time_utc").alias("_read_from"))
    return starts.join(reads, "chart_id", "left").select(
        "chart_id", "evaluate_from_utc", sf.coalesce("_read_from", "evaluate_from_utc").alias("read_from_utc")
    )
