"""Reference rows are typed, or refused with a reason that names the field; parents are checked."""

from __future__ import annotations

import csv
import datetime as dt
import json
from functools import reduce
from pathlib import Path

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts import find_table
from fabric_ot.contracts.landing import CsvMapping
from fabric_ot.contracts.roles import TAG_ROLES
from fabric_ot.errors import ConfigError
from fabric_ot.testing import frame
from fabric_ot.transforms.reference.entities import ENTITIES, PARENTS, default_mapping, entity_columns
from fabric_ot.transforms.reference.rows import (
    split_reference_rows,
    to_reference_rows,
    to_unreadable_rows,
    with_missing_parents,
)

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
MESSAGE = find_table("bronze", "plant.message").spark_ddl()
REFUSED = "row_does_not_fit_mapping"

GOOD: dict[str, list[str]] = {
    "site": ["berlin,Berlin,Europe/Berlin", 'phoenix," Phoenix, ""AZ""",America/Phoenix\r', "utc,Zulu,UTC"],
    "state_category": ["execute,production", "HELD,unplanned_down"],
    "product": ["P1,Product 1,1.5,2026-01-01T00:00:00Z", "P1,Product 1,1e0,2026-02-28T23:59:59+02"],
    "asset": ["oven,Oven,berlin,,,2026-01-01T00:00:00Z"],
    "shift": ["berlin,day,Day,06:00,14:00:00"],
    "tag": [
        "t/1,oven,good_counter,double,,65536,2026-01-01T00:00:00Z",
        "t/2,oven,energy_counter,double,kWh,,2026-01-01T00:00:00Z",
        "t/3,oven,reactive_counter,double,K3,100,2026-01-01T00:00:00Z",
    ],
    "shift_stop": ["berlin,day,lunch,Break,11:30,1800", "berlin,day,talk,Meeting,,600"],
    "work_order": ["WO,oven,berlin,day,P1,2026-02-28,10,9,1"],
    "control_chart": ["C1,oven,Hardness,i_mr,HRC,58,62"],
    "control_baseline": ["C1,v1,2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z"],
    "quality_sample": ["S1,C1,,,2026-01-01T00:00:00Z,60.1,,,"],
    "chart_tag": ["C1,t/2,90"],
    "lot_movement": ["M1,,L1,10,kg,2026-01-01T00:00:00Z,", "M2,L1,L2,10,kg,2026-01-01T00:00:00Z,oven"],
    "lot_stock": ["L2,kg,0,10"],
    "tariff_rate": ["ht,berlin,EUR,peak,12345,06:00,22:00,0.31,2026-01-01,"],
    "tariff_holiday": ["ht,2026-12-25"],
    "demand_charge": ["ht,9.8,2026-01-01,2027-01-01"],
    "energy_meter": ["t/2,t/1"],
    "reactive_meter": ["t/2,lagging,t/3"],
    "signal_rule": ["t/2,60,150,,0,90,,,,swinging_door,0.5,,hold,600"],
    "maintenance_order": ["MO1,oven,corrective,drive,2026-01-01T00:00:00Z,,,,,,3600"],
    "order_execution": ["E1,PO1,10,oven,P1,2026-02-28,2026-02-28T06:00:00Z,2026-02-28T07:00:00Z,9,1,0,9,8,8,1,0,0"],
    "personnel_time": ["oven,berlin,day,2026-02-28,28800,25200"],
    "state_recoding": [
        "R1,oven,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,lunch,planned_down,2026-01-02T00:00:00Z,ann",
    ],
}
BAD: dict[str, list[tuple[str | bytes | None, str]]] = {
    "site": [
        ("berlin,Berlin", "not 3 fields"),
        ("berlin,Berlin,Europe/Berlin,extra", "not 3 fields"),
        ('berlin,"Berlin,Europe/Berlin', "not 3 fields"),
        (b"berlin,K\xf6ln,Europe/Berlin", "in UTF-8"),
        (None, "not 3 fields"),
        ("", "site_id: empty; site_name: empty; time_zone: empty"),
        ("berlin,  ,Europe/Berlin", "site_name: empty"),
        ("berlin,Berlin,Mars/Olympus", "time_zone: Mars/Olympus is not an IANA time zone"),
        ("berlin,Berlin,+02:00", "time_zone: +02:00 is not"),
    ],
    "state_category": [("EXECUTE,working", "time_category: working is not one of")],
    "product": [
        ("P1,One,fast,2026-01-01T00:00:00Z", "ideal_cycle_s: fast is no double"),
        ("P1,One,NaN,2026-01-01T00:00:00Z", "ideal_cycle_s: NaN is no double"),
        ('P1,One,"1,5",2026-01-01T00:00:00Z', "ideal_cycle_s: 1,5 is no double"),
        ("P1,One,1e999,2026-01-01T00:00:00Z", "ideal_cycle_s: 1e999 is no double"),
        ("P1,One,0,2026-01-01T00:00:00Z", "ideal_cycle_s: 0 is not above zero"),
        ("P1,One,1,2026-02-30T00:00:00Z", "valid_from_utc: 2026-02-30T00:00:00Z is no timestamp"),
        ("P1,One,1,2026-1-1T00:00:00Z", "valid_from_utc: 2026-1-1T00:00:00Z is no timestamp"),
        ("P1,One,1,2026-01-01 00:00:00", "is no timestamp"),
        ("P1,One,1,", "valid_from_utc: empty"),
    ],
    "shift": [("berlin,day,Day,6:00,24:00", "start_local: 6:00 is not a wall time HH:mm:ss; end_local: 24:00 is not")],
    "tag": [
        ("t,oven,gauge,double,,,2026-01-01T00:00:00Z", "role: gauge is not one of"),
        ("t,oven,measure,float,,,2026-01-01T00:00:00Z", "data_type: float is not one of"),
        ("t,oven,energy_counter,double,BTU,,2026-01-01T00:00:00Z", "unit: BTU is not a unit of energy"),
        ("t,oven,energy_interval,double,kvarh,,2026-01-01T00:00:00Z", "unit: kvarh is not a unit of energy of its"),
        ("t,oven,reactive_interval,double,kWh,,2026-01-01T00:00:00Z", "unit: kWh is not a unit of energy of its"),
        ("t,oven,reactive_counter,double,kvar,,2026-01-01T00:00:00Z", "of reactive energy kvarh or Mvarh"),
        ("t,oven,good_counter,double,,0,2026-01-01T00:00:00Z", "counter_modulus: 0 is not above zero"),
    ],
    "shift_stop": [("berlin,day,x,Break,noon,-1", "start_local: noon is not a wall time HH:mm:ss; duration_s: -1 is")],
    "work_order": [("WO,oven,berlin,day,P1,2026-02-29,ten,9,-1", "production_date: 2026-02-29 is no date")],
    "tariff_rate": [
        ('ht,berlin,EUR,peak,1,06:00,22:00,"0,31",2026-01-01,', "price_per_kwh: 0,31 is no double"),
        ("ht,berlin,EUR,peak,1,06:00,22:00,0.31,1.1.2026,", "valid_from: 1.1.2026 is no date"),
        ("ht,berlin,EUR,peak,,06:00,22:00,0.31,2026-01-01,", "weekdays: empty"),
    ],
    "tariff_holiday": [("ht,2026-02-29", "date: 2026-02-29 is no date")],
    "demand_charge": [("ht,free,2026-01-01,", "price_per_kw: free is no double")],
    "energy_meter": [("t/2,", "parent_tag_id: empty")],
    "reactive_meter": [("t/2,inductive,t/3", "direction: inductive is not one of ('lagging', 'leading')")],
}  # fmt: skip


def messages(spark, lines: dict[str, list]):
    rows = [
        ("file", "p", n, f"reference/{entity}", payload(line), None, None, None, None, T0, "f", "batch")
        for entity, found in lines.items()
        for n, line in enumerate(found)
    ]
    return frame(spark, MESSAGE, rows)


def payload(line: str | bytes | None) -> bytes | None:
    return line.encode() if isinstance(line, str) else line


def test_parents_come_before_their_children() -> None:
    names = list(ENTITIES)
    for entity, parents in PARENTS.items():
        assert all(names.index(parent.entity) < names.index(entity) for parent in parents)


@pytest.fixture(scope="module")
def read_rows(spark_session) -> dict[str, list]:
    """All good lines, then all bad ones, of each entity: read in one job."""
    lines = {entity: [*GOOD[entity], *(line for line, _ in BAD.get(entity, ()))] for entity in ENTITIES}
    landed = messages(spark_session, lines)
    found = []
    for entity in ENTITIES:
        rows = to_reference_rows(landed, default_mapping(entity))
        typed = sf.to_json(sf.struct(*[column.name for column in entity_columns(entity)]))
        found.append(
            rows.select(
                sf.lit(entity).alias("entity"), "source_offset", "payload", "reasons", "detail", typed.alias("json")
            )
        )
    by_entity: dict[str, list] = {entity: [] for entity in ENTITIES}
    for row in sorted(reduce(lambda a, b: a.union(b), found).collect(), key=lambda row: row.source_offset):
        by_entity[row.entity].append(row)
    return by_entity


@pytest.mark.spark
def test_good_lines_become_typed_rows(read_rows) -> None:
    good = {entity: rows[: len(GOOD[entity])] for entity, rows in read_rows.items()}
    assert all(row.reasons == [] and row.detail is None for rows in good.values() for row in rows)
    values = {entity: [json.loads(row.json) for row in rows] for entity, rows in good.items()}
    assert [row["site_name"] for row in values["site"]] == ["Berlin", 'Phoenix, "AZ"', "Zulu"]
    assert [row["ideal_cycle_s"] for row in values["product"]] == [1.5, 1.0]
    assert values["product"][1]["valid_from_utc"] == "2026-02-28T21:59:59.000Z", "an offset is honored"
    assert [row["state"] for row in values["state_category"]] == ["EXECUTE", "HELD"]
    assert (values["shift"][0]["start_local"], values["shift"][0]["end_local"]) == ("06:00:00", "14:00:00")
    assert values["work_order"][0]["production_date"] == "2026-02-28"
    assert "area" not in values["asset"][0], "an empty field is null"
    assert "start_local" not in values["shift_stop"][1]


@pytest.mark.spark
def test_bad_lines_are_refused_with_a_reason_that_names_the_field(read_rows) -> None:
    for entity, wanted in BAD.items():
        for row, (line, text) in zip(read_rows[entity][len(GOOD[entity]) :], wanted, strict=True):
            assert row.reasons == [REFUSED]
            assert text in row.detail
            assert row.payload == payload(line), "the raw bytes are kept"


@pytest.mark.spark
def test_rows_have_the_types_of_their_tables(spark) -> None:
    for entity in ENTITIES:
        types = dict(to_reference_rows(messages(spark, {}), default_mapping(entity)).dtypes)
        assert {c.name: c.type for c in entity_columns(entity)}.items() <= types.items()


@pytest.mark.spark
def test_a_declared_header_may_reorder_and_add_columns(spark) -> None:
    mapping = CsvMapping("site", "reference", "s.csv", ("country", "time_zone", "site_id", "site_name"), delimiter=";")
    [row] = to_reference_rows(messages(spark, {"site": ["DE;Europe/Berlin;b;Berlin"]}), mapping).collect()
    assert (row.site_id, row.site_name, row.time_zone, row.reasons) == ("b", "Berlin", "Europe/Berlin", [])


@pytest.mark.spark
def test_a_mapping_that_lacks_a_column_or_an_entity_is_refused_by_name(spark) -> None:
    lines = messages(spark, {"site": ["b,Berlin"], "country": ["DE"]})
    with pytest.raises(ConfigError, match="lacks column"):
        to_reference_rows(lines, CsvMapping("site", "reference", "s.csv", ("site_id", "site_name")))
    with pytest.raises(ConfigError, match="no reference entity"):
        to_reference_rows(lines, CsvMapping("country", "reference", "c.csv", ("code",)))
    refused = to_unreadable_rows(lines, {"reference/site": "the header lacks a column"}).collect()
    assert {(row.topic, row.detail, tuple(row.reasons)) for row in refused} == {
        ("reference/site", "the header lacks a column", (REFUSED,)),
        ("reference/country", "reference/country: no such reference entity", (REFUSED,)),
    }


@pytest.mark.spark
def test_a_row_that_names_something_unknown_is_refused(spark) -> None:
    lines = {
        **GOOD,
        "asset": [*GOOD["asset"], "press,Press,paris,,,2026-01-01T00:00:00Z"],
        "tag": ["t/3,press,measure,double,,,2026-01-01T00:00:00Z", "t,x,gauge,double,,,2026-01-01T00:00:00Z"],
        "work_order": [
            *GOOD["work_order"],
            "W2,oven,berlin,night,P9,2026-02-28,1,1,0",
            "W3,oven,berlin,day,P1,?,1,1,0",
        ],
        "reactive_meter": ["t/8,lagging,t/9"],
        "lot_movement": [*GOOD["lot_movement"], "M3,L1,L2,10,kg,2026-01-01T00:00:00Z,slitter"],
    }
    good: dict = {}
    refused = {}
    for entity in ENTITIES:
        rows = to_reference_rows(messages(spark, lines), default_mapping(entity))
        good[entity], bad = split_reference_rows(with_missing_parents(rows, entity, good))
        if entity in ("asset", "tag", "work_order", "lot_movement", "reactive_meter"):
            refused |= {(entity, row.source_offset): (row.reasons, row.detail) for row in bad.collect()}
    missing = ["reference_not_found"]
    assert refused == {
        ("asset", 1): (missing, "site_id paris: not in plant.site"),
        ("tag", 0): (missing, "asset_id press: not in plant.asset"),
        ("tag", 1): ([REFUSED], f"role: gauge is not one of {TAG_ROLES}"),
        ("work_order", 1): (
            missing,
            "site_id berlin, shift_id night: not in plant.shift; product_id P9: not in plant.product",
        ),
        ("work_order", 2): ([REFUSED], "production_date: ? is no date"),
        ("reactive_meter", 0): (missing, "tag_id t/9: not in plant.tag; active_tag_id t/8: not in plant.tag"),
        ("lot_movement", 2): (missing, "asset_id slitter: not in plant.asset"),
    }, "an optional parent that is not named is not missed"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.acceptance(3)
@pytest.mark.spark
def test_published_work_orders_that_join_an_asset_to_the_other_plants_shift_are_found(spark, shared_data: Path) -> None:
    mes = shared_data / "iiot_patterns" / "mes"
    shifts, since = read(mes / "Shifts.csv"), "2022-01-01T00:00:00Z"
    plant_of_shift = {row["Id"]: row["PlantId"] for row in shifts}
    lines = {
        "site": [f"{row['Id']},{row['PlantName']},America/Phoenix" for row in read(mes / "Locations.csv")],
        "asset": [f"{row['Id']},{row['AssetName']},{row['PlantId']},,,{since}" for row in read(mes / "Assets.csv")],
        "product": [
            f"{row['Id']},{row['ProductName']},{60 / float(row['IdealProductionUnitsPerMinute'])},{since}"
            for row in read(mes / "Products.csv")
        ],
        "shift": [f"{row['PlantId']},{row['Id']},{row['ShiftName']},00:00,08:00" for row in shifts],
        "work_order": [
            f"{row['WorkOrder']},{row['AssetId']},{plant_of_shift[row['ShiftId']]},{row['ShiftId']},{row['ProductId']},"
            f"{row['CreatedTimeStamp'][:10]},{row['QuantityIn']},{row['QuantityOut']},{row['QuantityScraped']}"
            for row in read(mes / "ProductQuality.csv")
        ],
    }
    good: dict = {}
    for entity in ENTITIES:
        rows = with_missing_parents(to_reference_rows(messages(spark, lines), default_mapping(entity)), entity, good)
        good[entity], refused = split_reference_rows(rows)
        if entity == "work_order":
            assert {r.work_order_id: r.reasons for r in refused.collect()} == {
                order: ["reference_mismatch"] for order in ("WB003", "WB004", "WB005")
            }
            assert {r.work_order_id for r in good[entity].collect()} == {"WB001", "WB002"}
