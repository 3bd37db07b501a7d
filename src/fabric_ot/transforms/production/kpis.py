"""The KPIs of ISO 22400-2 from additive facts: sums first, one division last, undefined where undefined.

Each KPI is declared once: its formula, the additive columns it needs, its unit. A KPI is computed only where its
inputs exist. Nothing is rounded or clamped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.transforms.intervals import require_columns
from fabric_ot.transforms.numbers import finite_or_null, require_numbers

LIMITS: tuple[str, ...] = ("lower_limit", "upper_limit")
"""Inputs that are not added up: a specification limit stands only where a group has one."""

_YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Kpi:
    """One KPI: its formula in the standard's symbols, its inputs, its unit, and how to form it."""

    name: str
    formula: str
    inputs: tuple[str, ...]
    unit: str
    value: Callable[[], Column]


def with_kpis(facts: DataFrame, *, kpis: Sequence[str] | None = None) -> DataFrame:
    """Add KPIs to rows of additive facts; each row is a total of its own.

    Choices: OEE is PRU*GQ / PBT, which with several products differs from A*E*Q of the sums; NEE uses PRU*GQ
    likewise. Standard deviations come from sums of squares: subtract a constant near the mean from values and limits
    first where the deviations are small beside them. With a one-sided limit Cmk and Cpk look at that side, Cm and Cp
    are undefined. An effectiveness above 1 is a finding and stays.

    Columns in:  the inputs of the wanted KPIs, see `KPIS` (numbers; times in seconds).
    Columns out: those of `facts`, one double per KPI, by its name.
    Grain out:   that of `facts`.
    Nulls:       a KPI is null where its denominator is 0, an input is null, or an input is NaN or infinite.
    Cost:        no shuffle.

    Args:
        facts: additive numbers.
        kpis: names of `KPIS`; left out, every KPI whose inputs `facts` has.

    Raises:
        ContractError: a name that is no KPI.
        ColumnContractError: a wanted KPI's input is missing or not a number.

    Source: ISO 22400-2 by the public encoding hsu-aut/IndustrialStandard-ODP-ISO22400-2; TEEP is common usage.
    """
    wanted = _wanted("with_kpis", facts, kpis)
    return facts.withColumns({kpi.name: finite_or_null(kpi.value().cast("double")) for kpi in wanted})


def rollup_kpis(facts: DataFrame, *, by: Sequence[str], kpis: Sequence[str] | None = None) -> DataFrame:
    """Add up the facts by any dimension and form the KPIs of the sums, never a mean of ratios.

    An unknown part makes the sum unknown: one null input makes the KPIs of its group null. A specification limit
    stands where all rows of a group have the same one.

    Columns in:  `by` (any), the inputs of the wanted KPIs, see `KPIS`.
    Columns out: `by`, the inputs (sums), one double per KPI.
    Grain out:   one row per group; without `by`, one row in all.
    Nulls:       as `with_kpis`; a null in `by` is a group of its own.
    Cost:        one shuffle of partial sums by `by`.

    Raises:
        ContractError: a name that is no KPI, or a column both in `by` and an input.
        ColumnContractError: a column is missing or not a number.

    Source: ISO 22400-2 by the public encoding hsu-aut/IndustrialStandard-ODP-ISO22400-2.
    """
    require_columns("rollup_kpis", facts, by)
    wanted = _wanted("rollup_kpis", facts, kpis)
    inputs = list(dict.fromkeys(name for kpi in wanted for name in kpi.inputs))
    grouped_inputs = sorted(set(by) & set(inputs))
    if grouped_inputs:
        message = f"rollup_kpis: {grouped_inputs} in `by` are inputs of {[kpi.name for kpi in wanted]}"
        raise ContractError(message)
    sums = [_one_limit(name) if name in LIMITS else known_sum(name) for name in inputs]
    return with_kpis(facts.groupBy(*by).agg(*sums), kpis=[kpi.name for kpi in wanted])


def known_sum(name: str) -> Column:
    """Return the sum of a column, null where any of its parts is null."""
    total = sf.sum(name)
    return sf.when(sf.count(name) == sf.count(sf.lit(1)), total).alias(name)


def converted_energy(coefficients: dict[str, float]) -> Column:
    """Return the sum of energy_j * coefficient_j: `converted_energy_kwh` of `KPIS`.

    Raises:
        ContractError: no coefficient is given.
    """
    if not coefficients:
        message = "converted_energy: no coefficients\nHint: {'gas_kwh': 1.1, 'electric_kwh': 1.0}"
        raise ContractError(message)
    terms = [sf.col(name) * sf.lit(float(factor)) for name, factor in coefficients.items()]
    return _added(terms).alias("converted_energy_kwh")


def _wanted(where: str, facts: DataFrame, names: Sequence[str] | None) -> list[Kpi]:
    if names is None:
        found = [kpi for kpi in KPIS.values() if set(kpi.inputs) <= set(facts.columns)]
    else:
        unknown = sorted(set(names) - set(KPIS))
        if unknown:
            message = f"{where}: no such KPI: {unknown}.\nKnown: {sorted(KPIS)}"
            raise ContractError(message)
        found = [KPIS[name] for name in dict.fromkeys(names)]
    for kpi in found:
        require_numbers(f"{where}, KPI {kpi.name} = {kpi.formula}", facts, kpi.inputs)
    if not found:
        message = f"{where}: no KPI can be formed.\nAvailable: {sorted(facts.columns)}.\nHint: see KPIS for the inputs"
        raise ColumnContractError(message)
    return found


def _one_limit(name: str) -> Column:
    one = (sf.min(name) == sf.max(name)) & (sf.count(name) == sf.count(sf.lit(1)))
    return sf.when(one, sf.min(name)).alias(name)


def _added(terms: Sequence[Column]) -> Column:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _number(name: str) -> Column:
    return sf.col(name).cast("double")


def _sum_of(names: tuple[str, ...]) -> Column:
    return _added([_number(name) for name in names])


def _ratio(name: str, formula: str, over: str, under: str, *, unit: str = "ratio", scale: float = 1.0) -> Kpi:
    """Declare (sum of `over`) * scale / (sum of `under`); both are column names parted by spaces."""
    above, below = tuple(over.split()), tuple(under.split())

    def value() -> Column:
        return sf.try_divide(_sum_of(above) * sf.lit(scale) if scale != 1.0 else _sum_of(above), _sum_of(below))

    return Kpi(name, formula, tuple(dict.fromkeys((*above, *below))), unit, value)


def _net_effectiveness() -> Column:
    running = _number("production_s") * _number("planned_busy_s")
    return sf.try_divide(_number("unit_processing_s") * _number("ideal_good_runtime_s"), running)


_OVERALL = ("value_count", "value_sum", "value_sq_sum")
_WITHIN = ("value_count", "value_sum", "within_sq_sum", "within_df")


def _overall_deviation() -> Column:
    n, total = _number("value_count"), _number("value_sum")
    squares = _number("value_sq_sum") - sf.try_divide(total * total, n)
    return _root(sf.try_divide(squares, n - 1))


def _within_deviation() -> Column:
    return _root(sf.try_divide(_number("within_sq_sum"), _number("within_df")))


def _root(variance: Column) -> Column:
    return sf.when(variance > 0, sf.sqrt(variance))


def _capability(name: str, formula: str, deviation: Callable[[], Column], inputs: tuple[str, ...]) -> Kpi:
    def value() -> Column:
        return sf.try_divide(_number("upper_limit") - _number("lower_limit"), deviation() * 6)

    return Kpi(name, formula, (*inputs, *LIMITS), "ratio", value)


def _centered_capability(name: str, formula: str, deviation: Callable[[], Column], inputs: tuple[str, ...]) -> Kpi:
    def value() -> Column:
        mean = sf.try_divide(_number("value_sum"), _number("value_count"))
        # least() passes over a null: of a one-sided specification the side that there is
        nearest = sf.least(_number("upper_limit") - mean, mean - _number("lower_limit"))
        return sf.try_divide(nearest, deviation() * 3)

    return Kpi(name, formula, (*inputs, *LIMITS), "ratio", value)


_DECLARED: tuple[Kpi, ...] = (
    _ratio("availability", "APT / PBT", "production_s", "planned_busy_s"),
    _ratio("effectiveness", "PRU*PQ / APT", "ideal_runtime_s", "production_s"),
    _ratio("quality_ratio", "GQ / PQ", "good_qty", "produced_qty"),
    _ratio("oee", "PRU*GQ / PBT", "ideal_good_runtime_s", "planned_busy_s"),
    Kpi("nee", "AUPT / PBT * PRU*GQ / APT",
        ("unit_processing_s", "planned_busy_s", "ideal_good_runtime_s", "production_s"), "ratio", _net_effectiveness),
    _ratio("teep", "PRU*GQ / calendar time", "ideal_good_runtime_s", "calendar_s"),
    _ratio("allocation_ratio", "AUBT / AOET", "unit_busy_s", "order_execution_s"),
    _ratio("allocation_efficiency", "AUBT / PBT", "unit_busy_s", "planned_busy_s"),
    _ratio("utilization_efficiency", "APT / AUBT", "production_s", "unit_busy_s"),
    _ratio("technical_efficiency", "APT / (APT + ADET)", "production_s", "production_s unit_delay_s"),
    _ratio("production_process_ratio", "APT / AOET", "production_s", "order_execution_s"),
    _ratio("worker_efficiency", "APWT / APAT", "personnel_work_s", "personnel_attendance_s"),
    _ratio("throughput_per_h", "PQ / AOET", "produced_qty", "order_execution_s", unit="1/h", scale=3600.0),
    _ratio("setup_rate", "AUST / AUPT", "setup_s", "unit_processing_s"),
    _ratio("comprehensive_energy_kwh", "(sum(energy_j * coefficient_j) + own) / PQ",
           "converted_energy_kwh own_energy_kwh", "produced_qty", unit="kWh per unit"),
    _ratio("scrap_ratio", "SQ / PQ", "scrap_qty", "produced_qty"),
    _ratio("rework_ratio", "RQ / PQ", "rework_qty", "produced_qty"),
    _ratio("actual_to_planned_scrap", "SQ / PSQ", "scrap_qty", "planned_scrap_qty"),
    _ratio("fall_off_ratio", "SQ / PQ of the first order sequence", "scrap_qty", "first_operation_qty"),
    _ratio("first_pass_yield", "GP / IP", "first_pass_good_qty", "inspected_qty"),
    _ratio("finished_goods_ratio", "GQ / CM", "good_qty", "consumed_qty"),
    _ratio("integrated_goods_ratio", "IGQ / CM", "integrated_good_qty", "consumed_qty"),
    _ratio("production_loss_ratio", "PL / CM", "production_loss_qty", "consumed_qty"),
    _ratio("storage_transport_loss_ratio", "STL / CM", "storage_transport_loss_qty", "consumed_qty"),
    _ratio("other_loss_ratio", "OL / CM", "other_loss_qty", "consumed_qty"),
    _ratio("equipment_load_ratio", "PQ / equipment production capacity", "produced_qty", "capacity_qty"),
    _ratio("inventory_turns_per_year", "throughput / average inventory", "throughput_qty", "inventory_qty_s",
           unit="1/a", scale=float(_YEAR_S)),
    _capability("cm", "(USL - LSL) / (6 s)", _overall_deviation, _OVERALL),
    _centered_capability("cmk", "min(USL - mean, mean - LSL) / (3 s)", _overall_deviation, _OVERALL),
    _capability("cp", "(USL - LSL) / (6 within-subgroup s)", _within_deviation, _WITHIN),
    _centered_capability("cpk", "min(USL - mean, mean - LSL) / (3 within-subgroup s)", _within_deviation, _WITHIN),
    _ratio("corrective_maintenance_ratio", "CMT / (CMT + PMT)", "corrective_maintenance_s",
           "corrective_maintenance_s preventive_maintenance_s"),
    _ratio("mtbf_s", "operating time / failures", "operating_s", "failure_count", unit="s"),
    _ratio("mttf_s", "operating time of items / failed items", "item_operating_s", "failed_item_count", unit="s"),
    _ratio("mttr_s", "time to restoration / restored failures", "restoration_s", "restored_count", unit="s"),
)  # fmt: skip

KPIS: dict[str, Kpi] = {kpi.name: kpi for kpi in _DECLARED}
"""The 34 KPIs of ISO 22400-2, and TEEP, by name."""
