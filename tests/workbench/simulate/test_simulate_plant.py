"""The simulated plant: repeatable, conserved, readable, and bad in the ways it says."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from io import BytesIO
from random import Random

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabric_ot.contracts.landing import HIVEMQ_PLACEHOLDERS, parse_landing_config
from fabric_ot.contracts.reasons import ALL_REASONS, IGNORED_REASONS
from fabric_ot.workbench.simulate.capture_files import CAPTURE_SCHEMA, OVERLAP
from fabric_ot.workbench.simulate.eventstream_table import (
    COMMITS,
    REPEATED,
    UNNUMBERED,
    tables_path,
    write_eventstream,
)
from fabric_ot.workbench.simulate.plant import LANDING_CONFIG, simulate_plant
from fabric_ot.workbench.simulate.truth import read_truth, truth_path


def contents(folder):
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


def outcome(truth, **wanted):
    return sum(o["message_count"] for o in truth.outcomes if all(o[k] == v for k, v in wanted.items()))


def facts_of(truth, asset_id, shift_id):
    return [row for row in truth.production if (row["asset_id"], row["shift_id"]) == (asset_id, shift_id)]


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate_plant(tmp_path / name / "landing", seed=seed, scale=0.02)
    first, second, third = (contents(tmp_path / name) for name in "abc")
    assert first == second
    assert "landing.truth.json" in first
    assert first["landing.truth.json"] != third["landing.truth.json"]


def test_facts_do_not_depend_on_the_density_of_messages(plant_day, tmp_path):
    _, truth = plant_day
    sparse = simulate_plant(tmp_path / "landing", scale=0.02)
    assert sparse.production == truth.production
    assert sparse.state_time == truth.state_time
    assert sum(sparse.messages_by_route.values()) < sum(truth.messages_by_route.values()) / 2


def test_every_message_has_an_outcome_and_every_reason_is_declared(plant_day):
    _, truth = plant_day
    for route, count in truth.messages_by_route.items():
        assert outcome(truth, route=route) == count
    for line in truth.outcomes:
        assert (line["reason"] == "") == (line["outcome"] == "decoded")
        assert line["reason"] == "" or line["reason"] in ALL_REASONS
        assert (line["reason"] in IGNORED_REASONS) == (line["outcome"] == "ignored")


def test_every_kind_of_trouble_but_unnamed_metrics_and_strict_mode_is_injected(plant_day):
    _, truth = plant_day
    assert set(ALL_REASONS) - {line["reason"] for line in truth.outcomes} == {
        "unnamed_metric",
        "sparkplug_violation",
    }
    assert min(truth.injected.values()) > 0
    assert outcome(truth, reason="redelivery") == truth.injected["redelivered_sparkplug"]
    assert outcome(truth, route="hivemq", decoder="uns_json", outcome="decoded") == truth.injected["cross_route_copies"]


def test_landed_files_hold_the_rows_of_the_truth_and_bad_ones_do_not_open(plant_day):
    out, truth = plant_day
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {"landing.json"}
    assert found == {file["path"] for file in truth.files}
    assert Counter(f["status"] for f in truth.files)["refused"] == 4
    for file in truth.files:
        path = out / file["path"]
        if path.suffix == ".parquet" and file["status"] == "landed":
            assert pq.read_metadata(path).num_rows == file["rows"]
        elif path.suffix == ".avro" and file["status"] != "refused":
            assert len(list(fastavro.reader(BytesIO(path.read_bytes())))) == file["rows"]
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(out / "hivemq/bad/truncated.parquet")
    refused = next(f["path"] for f in truth.files if f["path"].endswith(".avro") and f["status"] == "refused")
    with pytest.raises((EOFError, ValueError)):
        list(fastavro.reader(BytesIO((out / refused).read_bytes())))


def test_parquet_has_the_declared_columns_except_in_the_file_that_lacks_one(plant_day):
    out, _ = plant_day
    config = parse_landing_config((out / "landing.json").read_text(encoding="utf-8"))
    assert config == LANDING_CONFIG
    declared = [column for column, _ in config.hivemq_columns]
    assert {HIVEMQ_PLACEHOLDERS[placeholder] for _, placeholder in config.hivemq_columns} >= {"topic", "payload"}
    for path in out.glob("hivemq/2026/**/*.parquet"):
        assert pq.read_schema(path).names == declared
    lacking = pq.read_schema(out / "hivemq/bad/lacks_column.parquet").names
    assert set(declared) - set(lacking) == {"received_at_ms"}


def test_capture_files_follow_azure_s_schema_and_repeat_some_sequence_numbers(plant_day):
    out, truth = plant_day
    sequences, rows, empty = {"0": set(), "1": set()}, 0, 0
    for file in truth.files:
        if file["route"] != "event_hubs" or file["status"] == "refused":
            continue
        reader = fastavro.reader(BytesIO((out / file["path"]).read_bytes()))
        assert fastavro.parse_schema(reader.writer_schema) == fastavro.parse_schema(CAPTURE_SCHEMA)
        records = list(reader)
        rows, empty = rows + len(records), empty + (not records)
        sequences[file["path"].split("/")[3]].update(r["SequenceNumber"] for r in records)
        assert all(r["EnqueuedTimeUtc"].endswith(("AM", "PM")) for r in records)
    assert empty >= 2
    assert rows - sum(map(len, sequences.values())) == truth.transport_duplicates == OVERLAP
    assert sum(map(len, sequences.values())) == truth.messages_by_route["event_hubs"]


def test_the_eventstream_s_table_repeats_some_events_and_leaves_some_without_a_number(plant_day):
    out, truth = plant_day
    (row,) = [r for r in truth.families["landing_table"] if r["status"] == "landed"]
    files = sorted((tables_path(out) / "plant/eventstream_raw").glob("*.parquet"))
    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    assert len(files) == COMMITS == row["table_version"] + 1
    assert len(rows) == row["rows_read"] == truth.messages_by_route["eventstream"] + REPEATED
    assert len({tuple(row.values()) for row in rows}) == row["messages"] == truth.messages_by_route["eventstream"]
    unnumbered = [row for row in rows if row["sequence_number"] is None]
    assert len({tuple(row.values()) for row in unnumbered}) == UNNUMBERED
    assert sum(row["body"] is None for row in rows) >= 3
    (lacking,) = (tables_path(out) / "plant/eventstream_unnumbered").glob("*.parquet")
    assert "sequence_number" not in pq.read_schema(lacking).names
    with pytest.raises(ValueError, match="eventstream_raw is there"):
        write_eventstream(tables_path(out), [], Random(1))


def test_the_textbook_shift_gives_the_published_oee(plant_day):
    _, truth = plant_day
    (row,) = facts_of(truth, "denver-packer-3", "day")
    assert (row["planned_busy_s"], row["production_s"], row["unplanned_down_s"]) == (420 * 60, 373 * 60, 47 * 60)
    assert (row["produced_qty"], row["scrap_qty"]) == (19_271, 423)
    (oee,) = [o for o in truth.oee if (o["asset_id"], o["shift_id"]) == ("denver-packer-3", "day")]
    assert oee["oee"] == pytest.approx(0.7479365, abs=5e-8)
    assert oee["availability"] * oee["performance"] * oee["quality"] == pytest.approx(oee["oee"])


def test_berlin_s_night_is_an_hour_short_and_its_missing_break_is_moved_not_lost(plant_day):
    _, truth = plant_day
    nights = {r["asset_id"]: 0.0 for r in truth.production if r["shift_id"] == "night"}
    for row in truth.production:
        if row["shift_id"] == "night":
            nights[row["asset_id"]] += row["planned_busy_s"]
    assert nights["berlin-oven-3"] == pytest.approx((7 * 60 - 30 - 15) * 60)
    assert nights["denver-press-2"] == pytest.approx((8 * 60 - 30) * 60)


def test_unplaced_stops_reduce_planned_busy_time_only(plant_day):
    _, truth = plant_day
    rows = facts_of(truth, "denver-labeler-4", "evening")
    assert [(r["product_id"], r["planned_busy_s"], r["unqualified_s"]) for r in rows] == [("", 435 * 60, 450 * 60)]


def test_deaths_and_unmapped_states_are_unqualified_and_breaks_may_be_run_through(plant_day):
    _, truth = plant_day
    dead = Counter()
    for row in truth.state_time:
        if row["state"] == "NO_SIGNAL":
            dead[row["asset_id"]] += row["duration_s"]
    never_heard = {"denver-labeler-4": 24 * 3600}
    assert dead == {"denver-press-2": 25 * 60, "denver-capper-1": 12 * 60, **never_heard}
    assert [r["time_category"] for r in truth.state_time if r["state"] == "PURGE"] == ["unqualified"]
    assert sum(r["planned_stop_production_s"] for r in truth.production if r["asset_id"] == "denver-capper-1") > 0


def test_products_change_within_a_shift_and_share_its_planned_busy_time(plant_day):
    _, truth = plant_day
    rows = facts_of(truth, "denver-filler-1", "day")
    assert [row["product_id"] for row in rows] == ["P-100", "P-200"]
    assert sum(row["planned_busy_s"] for row in rows) == pytest.approx(420 * 60)
    assert all(row["produced_qty"] > 0 for row in rows)


def test_reference_rows_name_each_other(plant_day):
    out, _ = plant_day

    def rows(entity):
        with (out / "reference" / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    assets = {row["asset_id"]: row["site_id"] for row in rows("asset")}
    assert set(assets.values()) == {row["site_id"] for row in rows("site")}
    assert {row["asset_id"] for row in rows("tag")} <= set(assets)
    assert len({row["tag_id"] for row in rows("tag")}) == len(rows("tag"))
    unknown = [row["work_order_id"] for row in rows("work_order") if row["asset_id"] not in assets]
    assert unknown == ["WO-9001"]


def test_the_truth_is_beside_the_landing_folder_and_reads_back(plant_day):
    out, truth = plant_day
    assert read_truth(truth_path(out)) == truth
    assert truth.as_of_utc > truth.horizon_utc > truth.first_shift_start_utc


def test_a_used_folder_and_a_senseless_scale_are_refused(plant_day, tmp_path):
    out, _ = plant_day
    with pytest.raises(ValueError, match="not empty"):
        simulate_plant(out)
    with pytest.raises(ValueError, match="scale=0"):
        simulate_plant(tmp_path / "landing", scale=0)
    assert not (tmp_path / "landing").exists()


def test_temperatures_misbehave_as_declared_and_their_truth_says_when(plant_day) -> None:
    _, truth = plant_day
    found: dict[tuple[str, str], int] = {}
    for row in truth.families["reading_hour"]:
        for name in ("out_of_limits", "too_fast", "stuck", "flat_line", "unit_refused", "limited", "filled_minutes"):
            key = (row["tag_id"].split("/")[-2], name)
            found[key] = found.get(key, 0) + row[name]
    # at a fifth of the density they speak every 100 s, and a value holds for 300 s: the robot is stuck for 40 minutes,
    # too hot for 30 and silent for 60; the lathe is 20 without a unit and silent for 30
    assert {key: count for key, count in found.items() if count} == {
        ("robot", "out_of_limits"): 18,
        ("robot", "too_fast"): 2,
        ("robot", "stuck"): 15,
        ("robot", "flat_line"): 18,
        ("robot", "limited"): 18,
        ("robot", "filled_minutes"): 56,
        ("lathe", "unit_refused"): 12,
        ("lathe", "filled_minutes"): 26,
    }
    closed = [row for row in truth.families["reading_gap"] if row["is_open"] == "false"]
    assert [(row["gap_s"], row["missing_count"]) for row in closed] == [(3700.0, 36), (1900.0, 18)]


def test_what_a_historian_would_keep_stands_for_every_sample_within_the_declared_bound(plant_day) -> None:
    _, truth = plant_day
    bounds = {"swinging_door": 0.91371, "exception": 0.803}
    kept: dict[str, int] = dict.fromkeys(bounds, 0)
    stood_for: dict[str, int] = {}
    for row in truth.families["reading_compressed"]:
        kept[row["compression_method"]] += 1
        stood_for[row["tag_id"]] = stood_for.get(row["tag_id"], 0) + row["stands_for_count"]
        assert (row["max_error"] or 0.0) <= bounds[row["compression_method"]]
    samples: dict[str, int] = {}
    for row in truth.families["reading_hour"]:
        samples[row["tag_id"]] = samples.get(row["tag_id"], 0) + row["sample_count"]
    assert stood_for == {tag: count for tag, count in samples.items() if tag in stood_for}
    assert len(stood_for) == 2
    assert all(count < 1100 / 3 for count in kept.values())


def test_clocks_of_the_json_machines_are_right_and_some_messages_come_hours_late(plant_day) -> None:
    _, truth = plant_day
    rows = truth.families["clock_skew"]
    assert {row["route"] for row in rows} == {"event_hubs", "eventstream", "hivemq"}
    distinct = truth.samples["uns_json_distinct"]
    assert sum(row["live_count"] for row in rows) == distinct
    assert all(0 < row["least_skew_s"] <= row["skew_s"] < 1 < row["greatest_skew_s"] for row in rows)
    assert max(row["greatest_skew_s"] for row in rows) > 3600
