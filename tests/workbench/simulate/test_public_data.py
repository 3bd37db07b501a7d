"""The published data sets, landed: their golden numbers, their repairs and their known defects."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from fabric_ot.contracts.landing import parse_landing_config
from fabric_ot.contracts.sparkplug import missing_between, payload_class, signed_value
from fabric_ot.errors import ConfigError
from fabric_ot.workbench.simulate.public_data import land_public_data


@pytest.fixture(scope="module")
def landed(shared_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("public") / "landing"
    return out, land_public_data(shared_data, out)


def rows_of(out, entity):
    with (out / "reference" / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_numbers_of_the_exports_are_the_documented_ones(landed):
    _, truth = landed
    assert truth.historian["nab_machine"] == {"rows": 22_695, "distinct_instants": 22_683, "repeated_instants": 12}
    assert truth.historian["nab_ambient"]["rows"] == 7_267
    assert truth.historian["steel_energy"] == {
        "rows": 35_040,
        "distinct_instants": 35_040,
        "energy_kwh": 959_640.31,
    }


def test_every_steel_interval_has_its_published_power_factors_and_its_registers(landed):
    out, truth = landed
    assert len(truth.power_factors) == 35_040
    # 00:15 in Seoul is 15:15 of the day before in UTC
    assert truth.power_factors["2017-12-31T15:15"] == (73.21, 100.0)
    steel = "historian/steel_energy"
    assert [(row["active_tag_id"], row["direction"], row["tag_id"]) for row in rows_of(out, "reactive_meter")] == [
        (f"{steel}/usage", "lagging", f"{steel}/reactive_lagging"),
        (f"{steel}/usage", "leading", f"{steel}/reactive_leading"),
    ]


def test_exports_are_links_and_their_headers_are_the_declared_ones(landed):
    out, _ = landed
    config = parse_landing_config((out / "landing.json").read_text(encoding="utf-8"))
    for mapping in config.csv:
        path = out / mapping.path
        assert path.is_symlink() == (mapping.kind == "historian")
        header = path.open(encoding="utf-8-sig").readline().rstrip("\r\n")
        assert tuple(header.split(mapping.delimiter)) == mapping.columns


def test_planned_busy_time_of_the_published_shifts(landed):
    out, truth = landed
    assert truth.planned_busy_min == {"1": 430, "2": 415, "3": 420, "4": 480, "5": 480, "6": 480}
    assert {row["end_local"] for row in rows_of(out, "shift")} == {"08:00:00", "16:00:00", "00:00:00"}
    assert all(row["start_local"] == "" for row in rows_of(out, "shift_stop"))


def test_three_work_orders_join_an_asset_to_a_shift_of_another_plant(landed):
    out, truth = landed
    assert truth.mismatched_work_orders == ["WB003", "WB004", "WB005"]
    site_of_asset = {row["asset_id"]: row["site_id"] for row in rows_of(out, "asset")}
    orders = rows_of(out, "work_order")
    defects = [o["work_order_id"] for o in orders if site_of_asset[o["asset_id"]] != o["site_id"]]
    assert defects == truth.mismatched_work_orders


def test_fixed_offsets_become_zones_that_keep_them_all_year(landed):
    out, _ = landed
    zones = {row["site_id"]: row["time_zone"] for row in rows_of(out, "site")}
    for site, hours in (("plant_1", -7), ("plant_2", -5)):
        moments = [datetime(2022, month, 1, tzinfo=ZoneInfo(zones[site])) for month in range(1, 13)]
        assert {moment.utcoffset().total_seconds() / 3600 for moment in moments} == {hours}


def test_vectors_land_as_five_nodes_with_the_expected_gaps_and_values(landed):
    out, truth = landed
    rows = pq.read_table(out / "hivemq/sparkplug_vectors/messages.parquet").to_pylist()
    nodes: dict[str, list] = {}
    for row in sorted(rows, key=lambda r: r["received_at_ms"]):
        _, group, kind, node = row["mqtt_topic"].split("/")
        nodes.setdefault(f"{group}/{node}", []).append((kind, payload_class().FromString(row["mqtt_payload"])))
    missing = {}
    for node, sent in nodes.items():
        data = [payload.seq for kind, payload in sent if kind in ("NBIRTH", "NDATA")]
        resets = [n for n, (kind, _) in enumerate(sent) if kind == "NBIRTH"]
        pairs = [(a, b) for n, (a, b) in enumerate(pairwise(data)) if n + 1 not in resets]
        missing[node] = sum(missing_between(a, b) for a, b in pairs)
    assert missing == truth.sparkplug_missing
    assert sum(truth.sparkplug_missing.values()) == 3
    offsets = [(m.name, m.int_value) for _, p in nodes["umh_vectors/signed"] for m in p.metrics if m.alias == 5]
    assert [signed_value(value, 3) for _, value in offsets] == [-12, -13]


def test_the_account_covers_every_row_of_every_file(landed):
    out, truth = landed
    assert sum(o["message_count"] for o in truth.outcomes) == sum(f["rows"] for f in truth.files)
    assert json.loads(out.with_name("landing.truth.json").read_text(encoding="utf-8"))["samples"] == truth.samples
    assert truth.samples["historian_carried"] == 22_695 + 7_267 + 3 * 35_040
    assert truth.samples["historian_instants"] == 22_683 + 7_267 + 3 * 35_040
    assert truth.samples["sparkplug_distinct"] == 3 + 2 + 257 + 100 + 2


def test_a_missing_data_set_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"sparkplug_umh/test_vectors\.json is missing"):
        land_public_data(tmp_path, tmp_path / "landing")
