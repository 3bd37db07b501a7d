"""Quality rules as plain data: what a row of a table must satisfy, how severe it is, and the reason that is written.

A rule never passes silently: where an operand is null the rule fails, unless it says `nulls="pass"`. NaN is no value:
it fails every rule that looks at it, whatever `nulls` says. Minus zero is zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Literal

from fabric_ot.contracts.silver_execution import EXECUTION_QUANTITIES

Severity = Literal["error", "warning"]
NullPolicy = Literal["fail", "pass"]
Bound = int | float | Decimal | str | dt.date | dt.datetime


@dataclass(frozen=True, kw_only=True)
class _Judgment:
    severity: Severity = "error"
    nulls: NullPolicy = "fail"


@dataclass(frozen=True)
class NotNull(_Judgment):
    """`column` holds a value."""

    reason: str
    column: str


@dataclass(frozen=True)
class InRange(_Judgment):
    """`minimum <= column <= maximum` (`<` where `strict`); an absent bound is open, but infinity is in no range."""

    reason: str
    column: str
    minimum: Bound | None = None
    maximum: Bound | None = None
    strict: bool = False


@dataclass(frozen=True)
class InSet(_Judgment):
    """`column` is one of `values`."""

    reason: str
    column: str
    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True)
class Matches(_Judgment):
    """The whole text of `column` matches the regular expression `pattern`."""

    reason: str
    column: str
    pattern: str


@dataclass(frozen=True)
class NotFuture(_Judgment):
    """`column` is not later than the clock that the caller passes, by more than `tolerance`."""

    reason: str
    column: str
    tolerance: dt.timedelta = dt.timedelta(0)


@dataclass(frozen=True)
class InOrder(_Judgment):
    """`first <= second`; `first < second` where `strict`. Said of interval bounds: no negative duration."""

    reason: str
    first: str
    second: str
    strict: bool = False


@dataclass(frozen=True)
class AddsUp(_Judgment):
    """`whole` is the sum of `parts`, within `tolerance` (in their unit)."""

    reason: str
    whole: str
    parts: tuple[str, ...]
    tolerance: float = 0.0


@dataclass(frozen=True)
class Unique(_Judgment):
    """No other row has the same `columns`; every row of a repeated key fails, none is preferred."""

    reason: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Monotonic(_Judgment):
    """Within `keys`, in the order of `order_by`, `column` is never below the value before it.

    Rows without a value, a key or a place in the order are passed over as predecessors. Rows of one place are not
    compared with each other; each is with the highest value of the place before.
    """

    reason: str
    column: str
    keys: tuple[str, ...]
    order_by: tuple[str, ...]


@dataclass(frozen=True)
class ForeignKey(_Judgment):
    """`columns` exist together in `parent`, under `parent_columns` (the same names where empty).

    With `as_of`, a version of the parent must be valid then: `valid_from <= as_of < valid_to`, a null end being never.
    """

    reason: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...] = ()
    as_of: str | None = None
    valid_from: str = "valid_from_utc"
    valid_to: str = "valid_to_utc"


RowRule = NotNull | InRange | InSet | Matches | NotFuture | InOrder | AddsUp
WindowRule = Unique | Monotonic
DeclaredRule = RowRule | WindowRule | ForeignKey


def operands(rule: DeclaredRule) -> tuple[str, ...]:
    """Return the columns that `rule` reads.

    Example:
        >>> operands(AddsUp("quantities_do_not_add_up", "produced_qty", ("good_qty", "scrap_qty")))
        ('produced_qty', 'good_qty', 'scrap_qty')
    """
    if isinstance(rule, InOrder):
        return (rule.first, rule.second)
    if isinstance(rule, AddsUp):
        return (rule.whole, *rule.parts)
    if isinstance(rule, Unique):
        return rule.columns
    if isinstance(rule, Monotonic):
        return (rule.column, *rule.keys, *rule.order_by)
    if isinstance(rule, ForeignKey):
        return rule.columns if rule.as_of is None else (*rule.columns, rule.as_of)
    return (rule.column,)


_WALL_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_DATED: DeclaredRule = InOrder("valid_to_not_after_valid_from", "valid_from", "valid_to", strict=True, nulls="pass")
_VALID: DeclaredRule = InOrder(
    "valid_to_not_after_valid_from", "valid_from_utc", "valid_to_utc", strict=True, nulls="pass"
)
_ORDER_STAGES = ("reported_utc", "acknowledged_utc", "started_utc", "finished_utc", "verified_utc")

TABLE_RULES: Mapping[str, tuple[DeclaredRule, ...]] = {
    "plant.asset": (
        Unique("asset_version_repeated", ("asset_id", "valid_from_utc")),
        _VALID,
        ForeignKey("site_not_found", ("site_id",), "plant.site"),
    ),
    "plant.tag": (
        Unique("tag_version_repeated", ("tag_id", "valid_from_utc")),
        _VALID,
        ForeignKey("asset_not_found", ("asset_id",), "plant.asset", as_of="valid_from_utc"),
    ),
    "plant.product": (
        Unique("product_version_repeated", ("product_id", "valid_from_utc")),
        _VALID,
        InRange("ideal_cycle_not_positive", "ideal_cycle_s", 0, strict=True),
    ),
    "plant.work_order": (
        Unique("work_order_repeated", ("work_order_id",)),
        InRange("produced_qty_negative", "produced_qty", 0),
        InRange("good_qty_negative", "good_qty", 0),
        InRange("scrap_qty_negative", "scrap_qty", 0),
        AddsUp("quantities_do_not_add_up", "produced_qty", ("good_qty", "scrap_qty"), 1e-6, severity="warning"),
        ForeignKey("product_not_found", ("product_id",), "plant.product"),
        ForeignKey("shift_not_found", ("site_id", "shift_id"), "plant.shift"),
        ForeignKey("asset_not_of_this_site", ("asset_id", "site_id"), "plant.asset"),
    ),
    "plant.state_interval": (
        Unique("interval_repeated", ("asset_id", "start_utc")),
        InOrder("negative_duration", "start_utc", "end_utc"),
        Matches("state_not_upper_case", "state", r"[^a-z]+", severity="warning"),
    ),
    "plant.energy_interval": (
        InOrder("negative_duration", "start_utc", "end_utc"),
        InRange("energy_negative", "energy_kwh", 0),
    ),
    "plant.reactive_interval": (
        InOrder("negative_duration", "start_utc", "end_utc"),
        InRange("energy_negative", "reactive_kvarh", 0),
    ),
    "plant.lot_movement": (
        NotNull("quantity_without_unit", "uom"),
        InRange("quantity_not_positive", "qty", 0, strict=True),
        NotFuture("movement_in_the_future", "time_utc", dt.timedelta(minutes=5)),
    ),
    "plant.signal_rule": (
        InOrder("limits_crossed", "lower_limit", "upper_limit", nulls="pass"),
        *(
            InRange("limit_not_positive", name, 0, strict=True, nulls="pass")
            for name in (
                *("expected_interval_s", "max_interval_s", "max_hold_s", "max_rate_per_s", "stuck_after_s"),
                *("compression_deviation", "compression_max_interval_s", "max_fill_s"),
            )
        ),
        InRange("limit_not_positive", "flat_tolerance", 0, nulls="pass"),
    ),
    "plant.quality_sample": (
        NotFuture("sample_in_the_future", "event_time_utc", dt.timedelta(minutes=5)),
        InRange("inspected_qty_not_positive", "inspected_qty", 0, strict=True, nulls="pass"),
        InRange("found_qty_negative", "defective_qty", 0, nulls="pass"),
        InRange("found_qty_negative", "defect_qty", 0, nulls="pass"),
        InOrder("more_defective_than_inspected", "defective_qty", "inspected_qty", nulls="pass"),
    ),
    "plant.control_chart": (
        InSet("unknown_chart_kind", "chart_kind", ("i_mr", "xbar_r", "xbar_s", "p", "u")),
        InOrder("specification_limits_crossed", "lsl", "usl", strict=True, nulls="pass"),
    ),
    "plant.chart_tag": (InRange("limit_not_positive", "max_age_s", 0, strict=True),),
    "plant.control_baseline": (
        InOrder("baseline_without_duration", "baseline_start_utc", "baseline_end_utc", strict=True),
    ),
    "plant.lot_stock": (
        InRange("stock_negative", "scrap_qty", 0),
        InRange("stock_negative", "wip_qty", 0),
    ),
    "plant.maintenance_order": (
        *(
            InOrder("times_out_of_order", first, second, nulls="pass")
            for first, second in combinations(_ORDER_STAGES, 2)
        ),
        ForeignKey("asset_not_found", ("asset_id",), "plant.asset"),
    ),
    "plant.order_execution": (
        InOrder("execution_without_duration", "start_utc", "end_utc", strict=True),
        *(InRange("quantity_negative", name, 0) for name in EXECUTION_QUANTITIES),
        InOrder("more_good_than_inspected", "first_pass_good_qty", "inspected_qty"),
        ForeignKey("asset_not_found", ("asset_id",), "plant.asset"),
        ForeignKey("product_not_found", ("product_id",), "plant.product", nulls="pass"),
    ),
    "plant.personnel_time": (
        InRange("time_negative", "attendance_s", 0),
        InRange("time_negative", "work_s", 0),
        InOrder("more_work_than_attendance", "work_s", "attendance_s"),
        ForeignKey("shift_not_found", ("site_id", "shift_id"), "plant.shift"),
        ForeignKey("asset_not_of_this_site", ("asset_id", "site_id"), "plant.asset"),
    ),
    "plant.state_recoding": (
        InOrder("times_out_of_order", "start_utc", "end_utc", strict=True),
        ForeignKey("asset_not_found", ("asset_id",), "plant.asset"),
    ),
    "plant.tariff_rate": (
        Matches("weekdays_unreadable", "weekdays", r"[1-8]+"),
        Matches("wall_time_unreadable", "start_local", _WALL_TIME),
        Matches("wall_time_unreadable", "end_local", _WALL_TIME),
        _DATED,
    ),
    "plant.demand_charge": (
        InRange("demand_price_negative", "price_per_kw", 0),
        _DATED,
    ),
}
"""The rules of the tables that declare any, by full name; a null that a rule looks at fails it."""
