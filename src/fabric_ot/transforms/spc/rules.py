"""Western Electric's and Nelson's rules: which patterns of points say that a process is out of control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import is_finite
from fabric_ot.transforms.spc.flags import count_among, with_flag_counts, with_flags

_CHART = ("chart_id", "statistic")
_LIMITS = ("center", "sigma", "ucl", "lcl")


@dataclass(frozen=True)
class Rule:
    """One rule: how many points it looks at, the last included, and when it fires at that last one."""

    points: int
    fires: Callable[[], Column]
    looks_back: int
    """Of how many points, the last included, it counts the flags: a step or a turn knows its earlier points."""


def _among(k: int, n: int, *flags: str, points: int | None = None) -> Rule:
    """Fire where a flag is set at this point and at `k` or more of the last `n`; several flags are not mixed."""

    def fires() -> Column:
        verdict = sf.lit(False)
        for flag in flags:
            verdict = verdict | ((count_among(flag, 1) > 0) & (count_among(flag, n) >= k))
        return verdict

    return Rule(points or n, fires, n)


def _on_both_sides(n: int) -> Rule:
    def fires() -> Column:
        above, below = count_among("above_1", n), count_among("below_1", n)
        return (above + below >= n) & (above > 0) & (below > 0)

    return Rule(n, fires, n)


RULES: Mapping[str, Rule] = {
    "western_electric_1": _among(1, 1, "beyond"),
    "western_electric_2": _among(2, 3, "above_2", "below_2"),
    "western_electric_3": _among(4, 5, "above_1", "below_1"),
    "western_electric_4": _among(8, 8, "above_0", "below_0"),
    "nelson_1": _among(1, 1, "beyond"),
    "nelson_2": _among(9, 9, "above_0", "below_0"),
    "nelson_3": _among(5, 5, "rises", "falls", points=6),
    "nelson_4": _among(12, 12, "turns", points=14),
    "nelson_5": _among(2, 3, "above_2", "below_2"),
    "nelson_6": _among(4, 5, "above_1", "below_1"),
    "nelson_7": _among(15, 15, "within_1"),
    "nelson_8": _on_both_sides(8),
}
"""All rules by name, in the order in which a point lists them."""

WESTERN_ELECTRIC: tuple[str, ...] = tuple(name for name in RULES if name.startswith("western_electric"))
NELSON: tuple[str, ...] = tuple(name for name in RULES if name.startswith("nelson"))


def longest_window(rules: Sequence[str]) -> int:
    """Return how many points, the last included, the most far-sighted of `rules` looks at.

    Example:
        >>> longest_window(WESTERN_ELECTRIC), longest_window(NELSON)
        (8, 15)

    Raises:
        ContractError: no rule, or one that is not in `RULES`.
    """
    unknown = sorted(set(rules) - set(RULES))
    if unknown or not rules:
        message = f"unknown rule(s) {unknown}, or none.\nAvailable: {list(RULES)}.\nHint: rules=NELSON"
        raise ContractError(message)
    return max(RULES[name].points for name in rules)


def with_fired_rules(
    points: DataFrame, *, rules: Sequence[str] = NELSON, restart_at: Sequence[str] = ("run_id",)
) -> DataFrame:
    """Add to each point the names of the rules that it completes, in event order on its chart.

    Choices: a rule of k out of n fires at the point that completes it, which must itself be beyond; on a line is not
    beyond (so it is within 1 sigma, and on neither side of the center); the first points of a run count, two of two
    are two of three; `nelson_8` wants points on both sides; equal neighbors end a trend. Each point is judged by its
    own limits. Windows begin anew wherever a column of `restart_at` changes; name `limit_version` there to begin anew
    with new limits too. Points without a value or without limits are skipped: the windows close over them.

    Columns in:  as `join_limits` returns them: `chart_id`, `statistic`, `event_time_utc`, `value`, `center`, `sigma`,
                 `ucl`, `lcl`, and `restart_at`; one per chart, statistic and instant (else: in order of value).
    Columns out: those of `points`, `rules_fired` (array of string, in the order of `RULES`).
    Grain out:   that of `points`.
    Nulls:       none in `chart_id`, `statistic`, `event_time_utc`; `rules_fired` is null where a point was skipped
                 and empty where nothing fired.
    Cost:        one shuffle by chart and statistic; windows of at most 15 rows.     Streaming: batch only.
    Source of the formula: NIST/SEMATECH e-Handbook 6.3.2 (Western Electric); L. S. Nelson, Journal of Quality
        Technology 16(4), 1984.

    Raises:
        ColumnContractError: a column is missing.
        ContractError: no rule, or an unknown one.
    """
    require_columns("with_fired_rules", points, [*_CHART, "event_time_utc", "value", *_LIMITS, *restart_at])
    longest_window(rules)
    asked = [name for name in RULES if name in set(rules)]
    in_time = Window.partitionBy(*_CHART, "_run", "_is_judged").orderBy("event_time_utc", *restart_at, "value")
    flagged = with_flags(_with_runs(points, restart_at), in_time)
    counted = with_flag_counts(flagged, in_time, {RULES[name].looks_back for name in asked})
    fired = sf.array_compact(sf.array(*[sf.when(RULES[name].fires(), sf.lit(name)) for name in asked]))
    judged = counted.withColumn("rules_fired", sf.when(sf.col("_is_judged"), fired))
    return judged.select(*points.columns, "rules_fired")


def _with_runs(points: DataFrame, restart_at: Sequence[str]) -> DataFrame:
    """Add `_is_judged`, and `_run`: how often a column of `restart_at` has changed so far on the chart."""
    is_judged = is_finite(sf.col("value"))
    for name in _LIMITS:
        is_judged = is_judged & sf.col(name).isNotNull()
    marked = points.withColumn("_is_judged", is_judged)
    if not restart_at:
        return marked.withColumn("_run", sf.lit(0))
    in_time = Window.partitionBy(*_CHART).orderBy("event_time_utc", *restart_at, "value")
    changes = sf.lit(False)
    for name in restart_at:
        changes = changes | ~sf.col(name).eqNullSafe(sf.lag(name).over(in_time))
    runs = sf.sum(sf.col("_changes").cast("int")).over(in_time.rowsBetween(Window.unboundedPreceding, 0))
    return marked.withColumn("_changes", changes).withColumn("_run", runs)
