"""Attributes: charts of the proportion of defective units (p) and of defects per unit (u)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.transforms.spc.points import POINT_COLUMNS, keep_measured, require_samples


def to_proportion_points(inspections: DataFrame) -> DataFrame:
    """Turn inspections into the points of a p chart: defective units per inspected unit.

    Inspections that are not `is_proportion` are skipped; the caller may report them by the negated predicate.

    Columns in:  `chart_id` (string), `event_time_utc` (timestamp), `inspected_qty`, `defective_qty` (numbers);
                 optionally `run_id` (string).
    Columns out: `chart_id`, `chart_kind` (p), `statistic` (proportion), `event_time_utc`, `run_id`,
                 `sample_size` (units inspected), `value` (a share, 0 to 1).
    Grain out:   one row per chart and inspection that counts.
    Nulls:       none in `chart_id`, `event_time_utc`; none but `run_id` come out.
    Cost:        no shuffle.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.3.2.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
    """
    where, numbers = "to_proportion_points", ["inspected_qty", "defective_qty"]
    require_samples(where, inspections, texts=["chart_id"], numbers=numbers)
    return _to_points(inspections.where(is_proportion()), kind="p", statistic="proportion", found="defective_qty")


def to_rate_points(inspections: DataFrame) -> DataFrame:
    """Turn inspections into the points of a u chart: defects per inspected unit.

    Inspections that are not `is_rate` are skipped; the caller may report them by the negated predicate.

    Columns in:  `chart_id` (string), `event_time_utc` (timestamp), `inspected_qty` (number of units, may be
                 fractional: an area, a length), `defect_qty` (number); optionally `run_id` (string).
    Columns out: `chart_id`, `chart_kind` (u), `statistic` (rate), `event_time_utc`, `run_id`,
                 `sample_size` (units inspected), `value` (defects per unit).
    Grain out:   one row per chart and inspection that counts.
    Nulls:       none in `chart_id`, `event_time_utc`; none but `run_id` come out.
    Cost:        no shuffle.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.3.1.

    Raises:
        ColumnContractError: a column is missing or of the wrong type.
    """
    require_samples("to_rate_points", inspections, texts=["chart_id"], numbers=["inspected_qty", "defect_qty"])
    return _to_points(inspections.where(is_rate()), kind="u", statistic="rate", found="defect_qty")


def is_proportion() -> Column:
    """Say whether an inspection can be charted as a proportion: 0 <= defective <= inspected, and inspected > 0."""
    return is_rate("defective_qty") & (sf.col("defective_qty") <= sf.col("inspected_qty"))


def is_rate(found: str = "defect_qty") -> Column:
    """Say whether an inspection can be charted as a rate: some units inspected, no negative number found."""
    whole = (sf.col("inspected_qty") > 0) & (sf.col(found) >= 0)
    return sf.coalesce(whole, sf.lit(False))


def _to_points(inspections: DataFrame, *, kind: str, statistic: str, found: str) -> DataFrame:
    counted = keep_measured(inspections, "inspected_qty", found)
    size = sf.col("inspected_qty").cast("double")
    return counted.select(
        "chart_id",
        sf.lit(kind).alias("chart_kind"),
        sf.lit(statistic).alias("statistic"),
        "event_time_utc",
        "run_id",
        size.alias("sample_size"),
        sf.try_divide(sf.col(found).cast("double"), size).alias("value"),
    ).select(*POINT_COLUMNS)
