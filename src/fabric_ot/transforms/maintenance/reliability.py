"""Reliability per period: MTBF with censoring, MTTR, inherent availability, and the times of repair orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import elapsed_us, join_covering, join_overlaps, require_columns

Evidence = Literal["state", "either"]
_PERIOD = ("period_id", "period_start_utc", "period_end_utc")
_COUNTS = ("failures", "restored_failures", "acknowledged_orders")
_TIMES = ("restore", "acknowledge", "waiting", "wrench")
_MATCH = (
    "match", "asset_id", "component", "failure_start_utc", "failure_end_utc", "is_open", "reported_utc",
    "acknowledged_utc", "started_utc", "finished_utc", "order_rank",
)  # fmt: skip


def rollup_reliability(
    matches: DataFrame, operating: DataFrame, periods: DataFrame, *, evidence: Evidence = "state"
) -> DataFrame:
    """Roll failures, repairs and operating time up to reliability figures per asset and period.

    MTBF = operating time / failures; MTTR = time to restoration / restored failures, the whole down spell; inherent
    availability = MTBF / (MTBF + MTTR); MTTA = reported to acknowledged. Choices: a failure counts in the period
    where it starts, its repair and its orders keep their whole length there; an open repair is censored and left out
    of MTTR; without a failure MTBF is undefined and censored, not infinite. `evidence="state"` counts failures that
    the machine's states show, "either" corrective orders without such evidence too (reported to finished). At any
    higher level take ratios of sums: the sums are columns.

    Columns in:  matches: as `to_failure_matches` returns them; operating: `asset_id`, `start_utc`, `end_utc`, not
                 overlapping per asset; periods: `period_id`, `start_utc`, `end_utc`, few; they may overlap (a month,
                 and all of them).
    Columns out: `asset_id`, `period_id`, `period_start_utc`, `period_end_utc`, `operating_s` (within the period),
                 `failures`, `restored_failures`, `open_failures`, `restore_s`, `acknowledged_orders`,
                 `acknowledge_s`, `waiting_s` (acknowledged to started), `wrench_s` (started to finished), `mtbf_s`,
                 `mttr_s`, `mtta_s`, `inherent_availability` (0 to 1), `is_censored`.
    Grain out:   one row per asset and period in which it operated or failed.
    Nulls:       none in `asset_id`; `mtbf_s` at zero failures, `mttr_s` at zero restored ones, `mtta_s` at zero
                 acknowledged orders, `inherent_availability` where one of its two is null.
    Cost:        periods are broadcast; one shuffle of operating intervals and one of matches, after partial sums.
    Source of the formula: ISO 22400-2 (MTBF, MTTR).

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `evidence` is unknown.
    """
    events = _to_events("rollup_reliability", matches, evidence)
    worked = _to_operating_time("rollup_reliability", operating, periods)
    return _to_figures(events, worked, periods, keys=("asset_id",))


def rollup_component_reliability(
    matches: DataFrame, operating: DataFrame, periods: DataFrame, *, evidence: Evidence = "state"
) -> DataFrame:
    """Roll failures, repairs and operating time up to reliability figures per component and period.

    A component operates while its asset does. A failure counts for the component of its first reported order; one
    without an order, or whose order names none, for the component '' (not told). Everything else is as in
    `rollup_reliability`. For a component that is replaced, not repaired, `mtbf_s` is its MTTF.

    Columns in:  as `rollup_reliability`.
    Columns out: `asset_id`, `component`, then those of `rollup_reliability`.
    Grain out:   one row per asset, component that any row of `matches` names for it, and period in which the asset
                 operated or the component failed.
    Nulls:       as `rollup_reliability`; none in `component`.
    Cost:        as `rollup_reliability`, and one shuffle by asset and component.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: `evidence` is unknown.
    """
    events = _to_events("rollup_component_reliability", matches, evidence)
    worked = _to_operating_time("rollup_component_reliability", operating, periods)
    components = events.select("asset_id", "component").distinct()
    return _to_figures(events, worked.join(components, "asset_id"), periods, keys=("asset_id", "component"))


def to_named_periods(where: str, periods: DataFrame) -> DataFrame:
    """Check `periods` and repeat their bounds as `period_start_utc` and `period_end_utc`.

    Columns in:  `period_id`, `start_utc`, `end_utc`.
    Columns out: `period_id`, `start_utc`, `end_utc`, `period_start_utc`, `period_end_utc`.
    Grain out:   that of `periods`.
    """
    require_columns(f"{where} periods", periods, ["period_id", "start_utc", "end_utc"])
    bounds = [sf.col(name).alias(f"period_{name}") for name in ("start_utc", "end_utc")]
    return periods.select("period_id", "start_utc", "end_utc", *bounds)


def _to_events(where: str, matches: DataFrame, evidence: Evidence) -> DataFrame:
    """Return one row per order or failure without one, with the bounds of its failure; `_first` once per failure."""
    if evidence not in ("state", "either"):
        message = f"{where}: unknown evidence {evidence!r}\nHint: 'state' or 'either'"
        raise ContractError(message)
    require_columns(f"{where} matches", matches, _MATCH)
    by_order = sf.col("match") == "order_without_failure"
    counted = matches if evidence == "either" else matches.where(~by_order)
    return counted.select(
        "asset_id",
        sf.coalesce("component", sf.lit("")).alias("component"),
        sf.when(by_order, sf.col("reported_utc")).otherwise(sf.col("failure_start_utc")).alias("_start"),
        sf.when(by_order, sf.col("finished_utc")).otherwise(sf.col("failure_end_utc")).alias("_end"),
        sf.when(by_order, sf.col("finished_utc").isNull()).otherwise(sf.col("is_open")).alias("_open"),
        (sf.coalesce("order_rank", sf.lit(1)) == 1).alias("_first"),
        "reported_utc",
        "acknowledged_utc",
        "started_utc",
        "finished_utc",
    )


def _to_operating_time(where: str, operating: DataFrame, periods: DataFrame) -> DataFrame:
    require_columns(f"{where} operating", operating, ["asset_id", "start_utc", "end_utc"])
    spans = operating.select("asset_id", "start_utc", "end_utc")
    clipped = join_overlaps(spans, to_named_periods(where, periods), on=())
    return clipped.groupBy("asset_id", *_PERIOD).agg(sf.sum("overlap_us").alias("_operating_us"))


def _to_figures(events: DataFrame, worked: DataFrame, periods: DataFrame, *, keys: Sequence[str]) -> DataFrame:
    named = to_named_periods("rollup_reliability", periods)
    placed = join_covering(events, named, on=(), at="_start").where(sf.col("period_id").isNotNull())
    is_restored = sf.col("_first") & ~sf.col("_open")
    acknowledged = elapsed_us(sf.col("reported_utc"), sf.col("acknowledged_utc"))
    sums = placed.groupBy(*keys, *_PERIOD).agg(
        sf.count_if("_first").alias("failures"),
        sf.count_if(is_restored).alias("restored_failures"),
        sf.sum(sf.when(is_restored, elapsed_us(sf.col("_start"), sf.col("_end")))).alias("_restore_us"),
        sf.count(acknowledged).alias("acknowledged_orders"),
        sf.sum(acknowledged).alias("_acknowledge_us"),
        sf.sum(elapsed_us(sf.col("acknowledged_utc"), sf.col("started_utc"))).alias("_waiting_us"),
        sf.sum(elapsed_us(sf.col("started_utc"), sf.col("finished_utc"))).alias("_wrench_us"),
    )
    both = worked.join(sums, [*keys, *_PERIOD], "full")
    counts = {name: sf.coalesce(name, sf.lit(0)) for name in _COUNTS}
    times = {f"{name}_s": _seconds(f"_{name}_us") for name in ("operating", *_TIMES)}
    return _with_ratios(both.withColumns({**counts, **times})).select(
        *keys,
        *_PERIOD,
        "operating_s",
        "failures",
        "restored_failures",
        (sf.col("failures") - sf.col("restored_failures")).alias("open_failures"),
        "restore_s",
        "acknowledged_orders",
        *[f"{name}_s" for name in _TIMES[1:]],
        "mtbf_s",
        "mttr_s",
        "mtta_s",
        sf.try_divide("mtbf_s", sf.col("mtbf_s") + sf.col("mttr_s")).alias("inherent_availability"),
        (sf.col("failures") == 0).alias("is_censored"),
    )


def _with_ratios(sums: DataFrame) -> DataFrame:
    return sums.withColumns(
        {
            "mtbf_s": sf.try_divide("operating_s", "failures"),
            "mttr_s": sf.try_divide("restore_s", "restored_failures"),
            "mtta_s": sf.try_divide("acknowledge_s", "acknowledged_orders"),
        }
    )


def _seconds(micros: str) -> Column:
    return sf.coalesce(micros, sf.lit(0)) / sf.lit(1e6)
