"""KPIs of ISO 22400-2: ratios of sums, undefined where undefined, computed only where their inputs exist."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random

import pytest

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.testing import frame
from fabric_ot.transforms.production.kpis import KPIS, converted_energy, rollup_kpis, with_kpis

pytestmark = pytest.mark.spark

INPUTS = sorted({name for kpi in KPIS.values() for name in kpi.inputs})
DDL = "case string, " + ", ".join(f"{name} double" for name in INPUTS)
NAN, INF = float("nan"), float("inf")


def over(above: float | None, below: float | None) -> float | None:
    if above is None or below is None or below == 0:
        return None
    found = above / below
    return found if math.isfinite(found) else None


def spread(squares: float, freedom: float) -> float | None:
    variance = over(squares, freedom)
    return math.sqrt(variance) if variance and variance > 0 else None


def cap(r: dict, sigma: float | None) -> float | None:
    if sigma is None or r["upper_limit"] is None or r["lower_limit"] is None:
        return None
    return (r["upper_limit"] - r["lower_limit"]) / (6 * sigma)


def cap_k(r: dict, sigma: float | None) -> float | None:
    mean = over(r["value_sum"], r["value_count"])
    if sigma is None or mean is None:
        return None
    sides = [r["upper_limit"] - mean] if r["upper_limit"] is not None else []
    sides += [mean - r["lower_limit"]] if r["lower_limit"] is not None else []
    return min(sides) / (3 * sigma) if sides else None


def overall(r: dict) -> float | None:
    return spread(r["value_sq_sum"] - r["value_sum"] ** 2 / r["value_count"], r["value_count"] - 1)


def within(r: dict) -> float | None:
    return spread(r["within_sq_sum"], r["within_df"])


def by_hand(r: dict) -> dict[str, float | None]:
    """Every KPI written out once more, from the table of the standard."""
    busy, ran, made, good = r["planned_busy_s"], r["production_s"], r["produced_qty"], r["good_qty"]
    ideal, ideal_good, scrap, used = r["ideal_runtime_s"], r["ideal_good_runtime_s"], r["scrap_qty"], r["consumed_qty"]
    kept = r["corrective_maintenance_s"] + r["preventive_maintenance_s"]
    return {
        "availability": over(ran, busy),
        "effectiveness": over(ideal, ran),
        "quality_ratio": over(good, made),
        "oee": over(ideal_good, busy),
        "nee": over(r["unit_processing_s"] * ideal_good, busy * ran),
        "teep": over(ideal_good, r["calendar_s"]),
        "allocation_ratio": over(r["unit_busy_s"], r["order_execution_s"]),
        "allocation_efficiency": over(r["unit_busy_s"], busy),
        "utilization_efficiency": over(ran, r["unit_busy_s"]),
        "technical_efficiency": over(ran, ran + r["unit_delay_s"]),
        "production_process_ratio": over(ran, r["order_execution_s"]),
        "worker_efficiency": over(r["personnel_work_s"], r["personnel_attendance_s"]),
        "throughput_per_h": over(made * 3600, r["order_execution_s"]),
        "setup_rate": over(r["setup_s"], r["unit_processing_s"]),
        "comprehensive_energy_kwh": over(r["converted_energy_kwh"] + r["own_energy_kwh"], made),
        "scrap_ratio": over(scrap, made),
        "rework_ratio": over(r["rework_qty"], made),
        "actual_to_planned_scrap": over(scrap, r["planned_scrap_qty"]),
        "fall_off_ratio": over(scrap, r["first_operation_qty"]),
        "first_pass_yield": over(r["first_pass_good_qty"], r["inspected_qty"]),
        "finished_goods_ratio": over(good, used),
        "integrated_goods_ratio": over(r["integrated_good_qty"], used),
        "production_loss_ratio": over(r["production_loss_qty"], used),
        "storage_transport_loss_ratio": over(r["storage_transport_loss_qty"], used),
        "other_loss_ratio": over(r["other_loss_qty"], used),
        "equipment_load_ratio": over(made, r["capacity_qty"]),
        "inventory_turns_per_year": over(r["throughput_qty"] * 365 * 86400, r["inventory_qty_s"]),
        "cm": cap(r, overall(r)),
        "cmk": cap_k(r, overall(r)),
        "cp": cap(r, within(r)),
        "cpk": cap_k(r, within(r)),
        "corrective_maintenance_ratio": over(r["corrective_maintenance_s"], kept),
        "mtbf_s": over(r["operating_s"], r["failure_count"]),
        "mttf_s": over(r["item_operating_s"], r["failed_item_count"]),
        "mttr_s": over(r["restoration_s"], r["restored_count"]),
    }


def random_rows(seed: int, cases: int) -> dict[str, list[dict]]:
    """Draw small whole numbers, so that sums are exact; zeros are frequent, the limits are one per case."""
    random, drawn = Random(seed), {}
    for case in range(cases):
        limits = {"upper_limit": random.choice([None, 9.0]), "lower_limit": random.choice([None, -3.0])}
        rows = []
        for _ in range(random.randint(1, 4)):
            row = {name: float(random.choice([0, 0, 1, 2, 3, 5, 8])) for name in INPUTS}
            row |= limits | {"value_count": float(random.randint(2, 5)), "value_sq_sum": float(random.randint(9, 400))}
            rows.append(row)
        drawn[f"case{case}"] = rows
    return drawn


def summed(rows: list[dict]) -> dict[str, float | None]:
    return {n: rows[0][n] if n.endswith("_limit") else sum(row[n] for row in rows) for n in INPUTS}


def is_same(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-12)


def test_the_table_of_the_standard_is_complete() -> None:
    assert len(KPIS) == 35, "34 KPIs and TEEP"
    assert set(KPIS) == set(by_hand(dict.fromkeys(INPUTS, 2.0)))
    assert all(kpi.formula and kpi.unit and kpi.inputs for kpi in KPIS.values())


@pytest.mark.acceptance(3)
def test_the_kpis_of_a_group_are_ratios_of_its_sums(spark) -> None:
    cases = random_rows(22400, 150)
    rows = [(case, *[row[name] for name in INPUTS]) for case, drawn in cases.items() for row in drawn]
    found = {row.case: row.asDict() for row in rollup_kpis(frame(spark, DDL, rows), by=["case"]).collect()}
    assert set(found) == set(cases)
    for case, drawn in cases.items():
        wanted = by_hand(summed(drawn))
        differ = {n: (found[case][n], value) for n, value in wanted.items() if not is_same(found[case][n], value)}
        assert not differ, case


SIMPLE = (
    "case string, planned_busy_s double, production_s double, ideal_runtime_s double, ideal_good_runtime_s double, "
    "produced_qty bigint, good_qty decimal(10,2), scrap_qty double"
)


@pytest.mark.acceptance(3)
def test_the_worked_example_and_the_undefined_ones(spark) -> None:
    rows = [
        ("worked", 420 * 60.0, 373 * 60.0, 19_271.0, 18_848.0, 19_271, 18_848, 423.0),
        ("nothing planned", 0.0, 0.0, 0.0, 0.0, 0, 0, 0.0),
        ("minus nothing", -0.0, 10.0, 1.0, 1.0, 1, 1, 0.0),
        ("ran, made nothing", 100.0, 80.0, 0.0, 0.0, 0, 0, 0.0),
        ("too fast", 100.0, 50.0, 75.0, 75.0, 3, 3, 0.0),
        ("unknown", None, 50.0, 75.0, NAN, 3, 3, INF),
    ]
    rows = [(*row[:6], Decimal(row[6]), row[7]) for row in rows]
    frame_ = with_kpis(frame(spark, SIMPLE, rows), kpis=["oee", "availability", "effectiveness", "quality_ratio"])
    frame_ = with_kpis(frame_, kpis=["scrap_ratio"])
    found = {r.case: (r.availability, r.effectiveness, r.quality_ratio, r.oee, r.scrap_ratio) for r in frame_.collect()}
    a, e, q, oee, _ = found["worked"]
    assert (round(a, 4), round(e, 4), round(q, 4), round(oee, 7)) == (0.8881, 0.8611, 0.9780, 0.7479365)
    assert a * e * q == pytest.approx(oee)
    assert found["nothing planned"] == (None, None, None, None, None)
    assert found["minus nothing"][0] is None
    assert found["ran, made nothing"] == (0.8, 0.0, None, 0.0, None)
    assert found["too fast"][1] == 1.5, "reported, not clamped"
    assert found["unknown"] == (None, 1.5, 1.0, None, None)


def test_one_unknown_part_makes_the_sum_unknown_and_limits_must_agree(spark) -> None:
    ddl = "site string, day string, planned_busy_s double, ideal_good_runtime_s double"
    rows = [("a", "1", 60.0, 54.0), ("a", "2", 10.0, 1.0), ("b", "1", 60.0, None), ("b", "2", 10.0, 1.0)]
    facts = frame(spark, ddl, rows)
    by_site = {r.site: (r.planned_busy_s, r.oee) for r in rollup_kpis(facts, by=["site"]).collect()}
    assert by_site == {"a": (70.0, 55 / 70), "b": (70.0, None)}
    by_day = {r.day: r.oee for r in rollup_kpis(facts, by=["day"]).collect()}
    assert by_day == {"1": None, "2": 0.1}
    assert rollup_kpis(facts, by=[]).columns == ["ideal_good_runtime_s", "planned_busy_s", "oee"]
    nothing = rollup_kpis(facts.where("site = 'none'"), by=[]).collect()
    assert [tuple(r) for r in nothing] == [(None, None, None)]

    quality = (
        "part string, value_count int, value_sum double, value_sq_sum double, lower_limit double, upper_limit double"
    )
    drawn = [
        ("agree", 2, 3.0, 5.0, 0.0, 3.0), ("agree", 2, 3.0, 5.0, 0.0, 3.0),
        ("differ", 2, 3.0, 5.0, 0.0, 3.0), ("differ", 2, 3.0, 5.0, 0.0, 4.0),
        ("half told", 2, 3.0, 5.0, 0.0, 3.0), ("half told", 2, 3.0, 5.0, 0.0, None),
        ("no spread", 2, 4.0, 8.0, 0.0, 4.0),
        ("one", 1, 4.0, 16.0, 0.0, 4.0),
    ]  # fmt: skip
    capable = rollup_kpis(frame(spark, quality, drawn), by=["part"])
    found = {r.part: (r.cm, r.cmk) for r in capable.collect()}
    sigma = math.sqrt((10 - 36 / 4) / 3)
    assert found["agree"] == pytest.approx((3 / (6 * sigma), 1.5 / (3 * sigma)))
    assert found["differ"] == found["half told"] == (None, pytest.approx(1.5 / (3 * sigma)))
    assert found["no spread"] == found["one"] == (None, None)


def test_a_kpi_without_its_inputs_is_refused_by_name(spark) -> None:
    facts = spark.createDataFrame([], "site string, planned_busy_s double, production_s double, good_qty string")
    assert with_kpis(facts).columns == [*facts.columns, "availability"], "what can be formed, and nothing else"
    with pytest.raises(ColumnContractError, match=r"KPI oee = PRU\*GQ / PBT: missing column.*ideal_good_runtime_s"):
        with_kpis(facts, kpis=["availability", "oee"])
    with pytest.raises(ContractError, match=r"no such KPI: ..eoo"):
        rollup_kpis(facts, by=["site"], kpis=["eoo"])
    with pytest.raises(ColumnContractError, match=r"should be numbers: \{'good_qty': 'string'\}"):
        with_kpis(facts.withColumn("consumed_qty", facts.production_s), kpis=["finished_goods_ratio"])
    with pytest.raises(ColumnContractError, match="no KPI can be formed"):
        with_kpis(facts.select("site"))
    with pytest.raises(ColumnContractError, match=r"missing column.*shift_id"):
        rollup_kpis(facts, by=["shift_id"])
    with pytest.raises(ContractError, match=r"production_s.*are inputs of"):
        rollup_kpis(facts, by=["production_s"])
    with pytest.raises(ContractError, match="no coefficients"):
        converted_energy({})


def test_energy_carriers_are_added_by_their_coefficients(spark) -> None:
    ddl = "gas_kwh double, electric_kwh double, own_energy_kwh double, produced_qty double"
    facts = frame(spark, ddl, [(10.0, 4.0, 1.0, 4.0)])
    row = with_kpis(facts.select("*", converted_energy({"gas_kwh": 1.1, "electric_kwh": 2.0}))).collect()[0]
    assert row.comprehensive_energy_kwh == pytest.approx((11 + 8 + 1) / 4)


def test_a_rollup_costs_one_shuffle(spark) -> None:
    facts = spark.createDataFrame([], "site string, planned_busy_s double, production_s double")
    plan = rollup_kpis(facts, by=["site"])._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange hashpartitioning") == 1
    assert "Exchange" not in with_kpis(facts)._jdf.queryExecution().executedPlan().toString()
