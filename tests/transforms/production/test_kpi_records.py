"""Records become inputs of KPIs on the right date: shares add up, borders belong to one shift, stock is integrated."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from random import Random

import pytest

from fabric_ot.contracts import find_table
from fabric_ot.testing import frame
from fabric_ot.transforms.production.kpi_facts import to_day_facts, to_kpis
from fabric_ot.transforms.production.kpi_materials import to_material_moves, to_stock_inputs
from fabric_ot.transforms.production.kpi_records import (
    EXECUTION_INPUTS,
    rollup_record_inputs,
    to_asset_windows,
    to_capability_kpis,
    to_execution_inputs,
    to_maintenance_inputs,
    to_personnel_inputs,
)
from fabric_ot.transforms.production.kpis import KPIS

pytestmark = pytest.mark.spark

DAY, NEXT = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
WINDOW = (
    "asset_id string, site_id string, shift_id string, production_date date, start_utc timestamp, end_utc timestamp"
)
MOVEMENT = find_table("silver", "plant.lot_movement").spark_ddl()


def at(hour: float, day: int = 2) -> dt.datetime:
    return dt.datetime(2026, 3, day, tzinfo=dt.UTC) + dt.timedelta(hours=hour)


def rows_of(spark, table: str, rows: list[dict]):
    columns = find_table("silver", f"plant.{table}").columns
    ddl = ", ".join(f"{column.name} {column.spark_ddl().split()[1]}" for column in columns)
    return frame(spark, ddl, [tuple(row.get(column.name) for column in columns) for row in rows])


@pytest.fixture
def windows(spark):
    """Two shifts of one date, the second over midnight, and a shift of the next date after a silent time."""
    shifts = [("day", DAY, at(6), at(14)), ("night", DAY, at(22), at(30)), ("day", NEXT, at(30), at(38))]
    return frame(spark, WINDOW, [(a, "s", *shift) for a in ("press", "oven") for shift in shifts])


def test_the_first_operation_of_an_order_is_shared_by_what_each_execution_made(spark) -> None:
    rng = Random(22400)
    rows = [
        {
            "execution_id": f"E{n}", "order_id": f"O{rng.randint(1, 9)}",
            "operation_no": float(rng.choice([10, 20, 30])),
            "asset_id": rng.choice("ab"), "production_date": rng.choice([DAY, NEXT]), "start_utc": at(0),
            "end_utc": at(rng.randint(1, 5)), "produced_qty": float(rng.choice([0, 3, 5, 8])),
            **{name: float(rng.randint(0, 9)) for name in EXECUTION_INPUTS},
        }
        for n in range(60)
    ]  # fmt: skip
    rows += [
        {**rows[0], "order_id": "OX", "operation_no": no, "produced_qty": made} for no, made in ((1.0, 6.0), (2.0, 0.0))
    ]
    made: dict = defaultdict(float)
    for row in rows:
        made[row["order_id"], row["operation_no"]] += row["produced_qty"]
    wanted: dict = defaultdict(lambda: defaultdict(float))
    for row in rows:
        sums = wanted[row["asset_id"], row["production_date"]]
        order = row["order_id"]
        first = made[order, min(no for o, no in made if o == order)]
        whole = made[order, row["operation_no"]]
        sums["first_operation_qty"] += first * row["produced_qty"] / whole if whole else 0.0
        sums["order_execution_s"] += (row["end_utc"] - row["start_utc"]).total_seconds()
        for name in EXECUTION_INPUTS:
            sums[name] += row[name]
    inputs = to_execution_inputs(rows_of(spark, "order_execution", rows))
    nobody = spark.createDataFrame([], "asset_id string, at_utc timestamp")
    none = spark.createDataFrame([], WINDOW)
    found = rollup_record_inputs([nobody], [inputs], none).collect()
    assert len(found) == len(wanted) == 4
    for row in found:
        sums = wanted[row.asset_id, row.production_date]
        assert {name: row[name] for name in sums} == pytest.approx(sums)


def test_material_is_what_a_machine_takes_and_did_not_fill_and_its_stock_is_integrated(spark, windows) -> None:
    moves = [
        (None, "coil", 100.0, at(6), None),  # a receipt at the start of a shift
        ("coil", "part/1", 40.0, at(14), "press"),  # taken on the border: of the shift that ends
        ("part/1", "rework", 7.0, at(15), "press"),  # its own parts are no material
        ("rework", "part/1", 5.0, at(16), "press"),
        (None, "coil", 10.0, at(18), None),  # between shifts
        ("coil", "part/2", 30.0, at(26), "press"),
        ("coil", None, 20.0, at(34), None),  # given away: less stock, no consumption
    ]
    in_two_units = [(None, "salt", 9.0, at(6), None), ("salt", "glaze", 3.0, at(7), "oven")]
    rows = [(f"M{n}", i, o, qty, "pcs", t, a) for n, (i, o, qty, t, a) in enumerate([*moves, *in_two_units])]
    rows[-1] = (*rows[-1][:4], "kg", *rows[-1][5:])
    moved = to_material_moves(frame(spark, MOVEMENT, rows))
    stock = to_stock_inputs(moved, windows, until_utc=at(48))
    found = {
        (r.asset_id, r.production_date): (r.consumed_qty, r.throughput_qty, r.inventory_qty_s)
        for r in rollup_record_inputs([moved.drop("stock_qty")], [stock], windows).collect()
    }
    hour = 3600.0
    first = (100 * 8 + 70 * 4 + 40 * 4) * hour
    assert found["press", DAY] == pytest.approx((70.0, 70.0, first), rel=1e-9)
    assert found["press", NEXT] == pytest.approx((0.0, 0.0, (40 * 4 + 20 * 4) * hour), rel=1e-9)
    assert found["oven", DAY] == found.get(("oven", NEXT), (None,) * 3) == (None, None, None), "no unit, no sum"


def test_work_and_failures_belong_to_the_shift_in_which_they_began(spark, windows) -> None:
    orders = rows_of(
        spark,
        "maintenance_order",
        [
            {"asset_id": "press", "order_type": kind, "started_utc": begun, "finished_utc": ended}
            for kind, begun, ended in (
                ("corrective", at(6), at(7)),
                ("corrective", at(29.5), at(31)),
                ("preventive", at(13), at(13.25)),
                ("preventive", at(14), at(15)),  # when nobody worked
                ("corrective", at(8), None),  # not finished
                ("preventive", None, None),
            )
        ],
    )
    failures = rows_of(
        spark,
        "failure",
        [
            {"asset_id": "press", "match": match, "failure_start_utc": begun, "failure_s": 600.0, "is_open": is_open,
             "component": component, "order_rank": rank}
            for match, begun, is_open, component, rank in (
                ("matched", at(6), False, "sensor", 1),
                ("matched", at(6), False, "gripper", 2),  # a second order of the same failure
                ("failure_without_order", at(9), False, None, None),
                ("matched", at(30), True, "drive", 1),
                ("order_without_failure", None, None, "sensor", None),
            )
        ],
    )  # fmt: skip
    people = rows_of(
        spark, "personnel_time", [{"asset_id": "oven", "production_date": DAY, "work_s": 5.0, "attendance_s": 8.0}] * 2
    )
    events = [to_maintenance_inputs(orders, failures, items=["sensor", "gripper"])]
    inputs = rollup_record_inputs(events, [to_personnel_inputs(people)], windows)
    found = {(r.asset_id, r.production_date): r.asDict() for r in inputs.collect()}
    assert set(found) == {("press", DAY), ("press", NEXT), ("oven", DAY)}
    told = found["press", DAY]
    assert (told["corrective_maintenance_s"], told["preventive_maintenance_s"]) == (3600 + 5400, 900)
    assert (told["failure_count"], told["restored_count"], told["restoration_s"]) == (2, 2, 1200)
    assert told["failed_item_count"] == 2
    told = found["press", NEXT]
    assert (told["failure_count"], told["restored_count"], told["failed_item_count"]) == (1, 0, 0)
    assert told["corrective_maintenance_s"] is None
    assert (found["oven", DAY]["personnel_work_s"], found["oven", DAY]["personnel_attendance_s"]) == (10, 16)
    assert found["oven", DAY]["failure_count"] is None


def test_a_capability_is_dated_by_the_last_shift_that_has_a_sample(spark, windows) -> None:
    capability = rows_of(
        spark,
        "process_capability",
        [
            {"chart_id": "c1", "asset_id": "press", "cp": 1.5, "cpk": 1.25, "pp": 1.4, "ppk": 1.1},
            {"chart_id": "c2", "asset_id": "press", "cpk": 0.5, "undefined_reason": None},
            {"chart_id": "c3", "asset_id": "lathe", "cp": 9.0},
        ],
    )
    samples = rows_of(
        spark,
        "quality_sample",
        [
            {"chart_id": chart, "event_time_utc": time, "value_double": value}
            for chart, time, value in (
                ("c1", at(7), 1.0), ("c1", at(31), 1.0), ("c1", at(39), 1.0), ("c2", at(23), 1.0), ("c2", at(31), None),
                ("c3", at(7), 1.0),
            )
        ],
    )  # fmt: skip
    found = to_capability_kpis(capability, samples, windows).collect()
    assert {(r.kpi, r.subject, r.asset_id, r.site_id, r.production_date, r.unit): r.value for r in found} == {
        (kpi, chart, "press", "s", date, "ratio"): value
        for chart, date, values in (("c1", NEXT, (1.4, 1.1, 1.5, 1.25)), ("c2", DAY, (None, None, None, 0.5)))
        for kpi, value in zip(("cm", "cmk", "cp", "cpk"), values, strict=True)
    }


def test_every_kpi_of_the_standard_has_its_row_and_no_record_means_undefined(spark, windows) -> None:
    shift_columns = (
        "planned_busy_s", "production_s", "ideal_runtime_s", "ideal_good_runtime_s", "produced_qty", "good_qty",
        "scrap_qty", "rework_qty", "capacity_qty", "setup_s", "idle_s", "unplanned_down_s", "planned_down_s",
        "unqualified_s",
    )  # fmt: skip
    ddl = "asset_id string, site_id string, shift_id string, production_date date, "
    ddl += ", ".join(f"{name} double" for name in shift_columns)
    numbers = (100.0, 60.0, 48.0, 36.0, 12.0, 9.0, 3.0, 0.0, 25.0, 10.0, 5.0, 20.0, 5.0, 0.0)
    facts = frame(spark, ddl, [(a, "s", s, DAY, *numbers) for a in ("press", "oven") for s in ("day", "night")])
    sites = frame(spark, "site_id string, time_zone string", [("s", "UTC")])
    energy = frame(
        spark,
        "asset_id string, production_date date, converted_energy_kwh double, own_energy_kwh double",
        [("press", DAY, 48.0, 0.0)],
    )
    instances = windows.where("asset_id = 'press'").drop("asset_id")
    own = to_asset_windows(facts, instances)
    execution = {"execution_id": "E", "order_id": "O", "operation_no": 1.0, "asset_id": "press",
                 "production_date": DAY, "start_utc": at(6), "end_utc": at(7), "produced_qty": 24.0,
                 **dict.fromkeys(EXECUTION_INPUTS, 6.0)}  # fmt: skip
    person = {"asset_id": "press", "production_date": DAY, "work_s": 3.0, "attendance_s": 4.0}
    moves = to_material_moves(
        frame(
            spark,
            MOVEMENT,
            [("1", None, "coil", 40.0, "pcs", at(6), None), ("2", "coil", "lot", 24.0, "pcs", at(14), "press")],
        )
    )
    failure = {"asset_id": "press", "failure_start_utc": at(7), "failure_s": 20.0, "is_open": False,
               "component": "sensor", "order_rank": 1}  # fmt: skip
    order = {"asset_id": "press", "order_type": "corrective", "started_utc": at(7), "finished_utc": at(8)}
    events = [
        to_maintenance_inputs(
            rows_of(spark, "maintenance_order", [order]), rows_of(spark, "failure", [failure]), items=["sensor"]
        ),
        moves.drop("stock_qty"),
    ]
    dated = [
        to_execution_inputs(rows_of(spark, "order_execution", [execution])),
        to_personnel_inputs(rows_of(spark, "personnel_time", [person])),
        to_stock_inputs(moves, own, until_utc=at(48)),
    ]
    records = rollup_record_inputs(events, dated, own)
    found = to_kpis(to_day_facts(facts, sites, [energy, records], items_per_asset=2)).collect()
    values = {(r.asset_id, r.kpi): r.value for r in found}
    assert len(values) == len(found)
    assert {name for _, name in values} == set(KPIS) - {"cm", "cmk", "cp", "cpk"}
    press = {name: value for (asset, name), value in values.items() if asset == "press"}
    assert {name: press[name] for name in KPIS if name in press} == pytest.approx(
        {
            "availability": 0.6, "effectiveness": 0.8, "quality_ratio": 0.75, "oee": 0.36, "nee": 0.7 * 0.6,
            "teep": 72 / 86_400, "allocation_ratio": 190 / 3600, "allocation_efficiency": 0.95,
            "utilization_efficiency": 120 / 190, "technical_efficiency": 120 / 170,
            "production_process_ratio": 120 / 3600, "worker_efficiency": 0.75, "throughput_per_h": 24.0,
            "setup_rate": 20 / 140, "comprehensive_energy_kwh": 2.0, "scrap_ratio": 0.25, "rework_ratio": 0.25,
            "actual_to_planned_scrap": 1.0, "fall_off_ratio": 0.25, "first_pass_yield": 1.0,
            "finished_goods_ratio": 0.75, "integrated_goods_ratio": 0.25, "production_loss_ratio": 0.25,
            "storage_transport_loss_ratio": 0.25, "other_loss_ratio": 0.25, "equipment_load_ratio": 24 / 50,
            "inventory_turns_per_year": 24 * 365 * 24 / (40 * 8 + 16 * 8), "corrective_maintenance_ratio": 1.0,
            "mtbf_s": 120.0, "mttf_s": 240.0, "mttr_s": 20.0,
        }
    )  # fmt: skip
    of_facts = {
        "availability", "effectiveness", "quality_ratio", "oee", "nee", "teep", "allocation_efficiency",
        "utilization_efficiency", "technical_efficiency", "setup_rate", "scrap_ratio", "equipment_load_ratio",
    }  # fmt: skip
    assert {name for (asset, name), value in values.items() if asset == "oven" and value is not None} == of_facts
