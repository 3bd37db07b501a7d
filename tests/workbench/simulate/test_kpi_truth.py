"""The truth about the KPIs: all 34 are told, agree with each other, and come from rows that land."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime

from fabric_ot.transforms.production.kpis import KPIS


def kpis_of(truth):
    found = defaultdict(dict)
    for row in truth.families["kpi"]:
        found[row["asset_id"], row["production_date"]][row["kpi"], row["subject"]] = row["value"]
    return found


def read_csv(out, entity):
    with (out / "reference" / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_kpi_of_the_standard_is_told_and_somewhere_defined(plant_day):
    _, truth = plant_day
    rows = truth.families["kpi"]
    assert {row["kpi"] for row in rows} == set(KPIS)
    assert {row["kpi"] for row in rows if row["value"] is not None} == set(KPIS)
    assert {row["subject"] for row in rows if row["kpi"] in ("cm", "cmk", "cp", "cpk")} == {
        "gear-diameter",
        "fill-volume",
    }
    assert {row["subject"] for row in rows if row["kpi"] not in ("cm", "cmk", "cp", "cpk")} == {""}
    one_limit = {row["kpi"]: row["value"] for row in rows if row["subject"] == "fill-volume"}
    assert one_limit["cm"] is None is one_limit["cp"]
    assert one_limit["cpk"] > one_limit["cmk"] > 0


def test_kpis_of_a_machine_agree_with_each_other(plant_day):
    _, truth = plant_day
    checked = 0
    for (asset_id, _), kpis in kpis_of(truth).items():
        told = {name: value for (name, subject), value in kpis.items() if not subject}
        if asset_id == "denver-labeler-4":
            assert {name for name, value in told.items() if value} == set(), "it never spoke, and nobody worked there"
            continue
        # AUBT / AOET = (AUBT / PBT) / (APT / PBT) * (APT / AOET)
        ratio = told["allocation_efficiency"] / told["availability"] * told["production_process_ratio"]
        assert abs(told["allocation_ratio"] - ratio) < 1e-9
        # what a machine consumed became good or scrap
        assert abs(told["finished_goods_ratio"] - told["quality_ratio"]) < 1e-9
        assert abs(told["integrated_goods_ratio"] + told["production_loss_ratio"] - 1) < 1e-9
        assert abs(told["first_pass_yield"] - (told["quality_ratio"] - told["rework_ratio"])) < 1e-9
        assert 0 < told["worker_efficiency"] < 1
        assert told["mttr_s"] < told["mtbf_s"] <= told["mttf_s"] if told["mttf_s"] else True
        checked += 1
    assert checked >= 10


def test_the_first_machine_of_a_line_falls_off_what_it_made_itself(plant_day):
    out, truth = plant_day
    orders = {row["execution_id"]: row for row in read_csv(out, "order_execution") if row["execution_id"] < "EX-9"}
    first = {row["asset_id"] for row in orders.values() if row["operation_no"] == "10"}
    later = {row["asset_id"] for row in orders.values()} - first
    assert len(first) > len(later) >= 2
    for (asset_id, _), kpis in kpis_of(truth).items():
        same = kpis["fall_off_ratio", ""] == kpis["scrap_ratio", ""]
        assert same == (asset_id not in later)


def test_corrected_executions_hold_and_no_execution_leaves_its_shift_date(plant_day):
    out, truth = plant_day
    rows = [row for row in read_csv(out, "order_execution") if row["execution_id"] < "EX-9"]
    assert rows[0]["execution_id"] == rows[1]["execution_id"]
    assert float(rows[0]["produced_qty"]) < float(rows[1]["produced_qty"])
    made = defaultdict(float)
    for row in rows[1:]:
        start, end = (datetime.fromisoformat(row[name]) for name in ("start_utc", "end_utc"))
        assert start < end
        made[row["asset_id"], row["production_date"], row["product_id"]] += float(row["produced_qty"])
    counted = defaultdict(float)
    for row in truth.production:
        counted[row["asset_id"], row["production_date"], row["product_id"]] += row["produced_qty"]
    assert {key: qty for key, qty in made.items() if qty} == {key: qty for key, qty in counted.items() if qty}
