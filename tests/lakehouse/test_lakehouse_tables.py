"""Every write of a lakehouse conforms to its contract, merges by key and commits only what differs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabric_ot.errors import ColumnContractError, ContractError
from fabric_ot.lakehouse import Lakehouse, MergeCounts

pytestmark = pytest.mark.spark

T0 = dt.datetime(2026, 3, 1, 6, 0, tzinfo=dt.UTC)


def sites(silver: Lakehouse, *rows: tuple[str, str]):
    return silver.frame("plant.site", [(site, name, "UTC") for site, name in rows])


def site_names(silver: Lakehouse) -> dict[str, str]:
    return {row.site_id: row.site_name for row in silver.read("plant.site").collect()}


def test_a_table_that_does_not_exist_yet_reads_as_empty_with_its_contract(silver: Lakehouse) -> None:
    rows = silver.read("plant.reading")
    assert silver.version("plant.reading") is None
    assert rows.columns[:3] == ["tag_id", "event_time_utc", "source_sequence"]
    assert rows.count() == 0


def test_an_unknown_table_is_refused_with_those_that_exist(silver: Lakehouse) -> None:
    with pytest.raises(KeyError, match=r"no contract for 'plant.nothing'.*plant.reading"):
        silver.read("plant.nothing")


def test_append_creates_the_table_and_counts_what_it_wrote(silver: Lakehouse) -> None:
    assert silver.append("plant.site", sites(silver, ("a", "A"), ("b", "B"))) == 2
    assert silver.append("plant.site", sites(silver)) == 0
    assert silver.version("plant.site") == 0
    assert site_names(silver) == {"a": "A", "b": "B"}


def test_create_makes_an_empty_table_once(silver: Lakehouse, tmp_path: Path) -> None:
    silver.create("plant.site", "plant.shift")
    silver.create("plant.site")
    assert silver.version("plant.site") == 0
    assert (tmp_path / "Tables" / "plant" / "shift" / "_delta_log").is_dir()
    assert silver.merge("plant.site", sites(silver, ("a", "A"))) == MergeCounts(inserted=1)


def test_a_missing_column_is_named_and_nothing_is_written(silver: Lakehouse) -> None:
    with pytest.raises(
        ColumnContractError, match=r"append into ot_silver plant.site: missing column\(s\) \['time_zone'\]"
    ):
        silver.append("plant.site", sites(silver, ("a", "A")).drop("time_zone"))
    assert silver.version("plant.site") is None


def test_a_cast_that_could_lose_values_is_refused(silver: Lakehouse) -> None:
    rows = sites(silver, ("a", "A")).selectExpr("1 AS site_id", "site_name", "time_zone")
    with pytest.raises(ColumnContractError, match="site_id is int, the contract says string"):
        silver.append("plant.site", rows)


def test_types_widen_where_nothing_is_lost_and_other_columns_are_left_out(silver: Lakehouse) -> None:
    rows = sites(silver, ("s", "x")).selectExpr(
        "site_id", "'shift' AS shift_id", "'stop' AS stop_id", "'why' AS reason", "NULL AS start_local",
        "CAST(900 AS INT) AS duration_s", "'scratch' AS _more",
    )  # fmt: skip
    silver.append("plant.shift_stop", rows)
    assert dict(silver.read("plant.shift_stop").dtypes)["duration_s"] == "double"
    assert silver.read("plant.shift_stop").collect()[0].asDict() == {
        "site_id": "s", "shift_id": "shift", "stop_id": "stop", "reason": "why", "start_local": None,
        "duration_s": 900.0,
    }  # fmt: skip


def test_a_null_in_a_required_column_writes_nothing(silver: Lakehouse) -> None:
    silver.append("plant.site", sites(silver, ("a", "A")))
    rows = sites(silver, ("b", "B")).selectExpr("CAST(NULL AS STRING) AS site_id", "site_name", "time_zone")
    for write in (silver.append, silver.merge, silver.replace):
        with pytest.raises(ContractError, match=r"1 row\(s\) have no site_id"):
            write("plant.site", rows)
    assert silver.version("plant.site") == 0


def test_merge_inserts_and_updates_and_a_replay_commits_nothing(silver: Lakehouse) -> None:
    assert silver.merge("plant.site", sites(silver, ("a", "A"), ("b", "B"))) == MergeCounts(inserted=2)
    rows = sites(silver, ("b", "B2"), ("c", "C"), ("a", "A"))
    assert silver.merge("plant.site", rows) == MergeCounts(inserted=1, updated=1)
    version = silver.version("plant.site")
    assert silver.merge("plant.site", rows) == MergeCounts()
    assert silver.version("plant.site") == version
    assert site_names(silver) == {"a": "A", "b": "B2", "c": "C"}


def test_repeated_keys_are_refused_where_nothing_orders_them(silver: Lakehouse) -> None:
    silver.merge("plant.site", sites(silver, ("z", "Z")))
    with pytest.raises(ContractError, match=r"1 row\(s\) repeat a key \('site_id',\)"):
        silver.merge("plant.site", sites(silver, ("a", "A"), ("a", "B")))
    assert site_names(silver) == {"z": "Z"}


def test_keep_target_only_inserts(silver: Lakehouse) -> None:
    silver.merge("plant.site", sites(silver, ("a", "A")))
    rows = sites(silver, ("a", "other"), ("b", "first"), ("b", "second"))
    assert silver.merge("plant.site", rows, keep="target", order_by=["site_name"]) == MergeCounts(inserted=1)
    assert site_names(silver) == {"a": "A", "b": "first"}
    version = silver.version("plant.site")
    assert silver.merge("plant.site", rows, keep="target", order_by=["site_name"]) == MergeCounts()
    assert silver.version("plant.site") == version


def test_delete_where_removes_only_matching_rows_that_the_source_does_not_have(silver: Lakehouse) -> None:
    from pyspark.sql import functions as sf

    silver.merge("plant.site", sites(silver, ("a", "A"), ("b", "B"), ("x", "X")))
    rows = sites(silver, ("a", "A"), ("c", "C"))
    assert silver.merge("plant.site", rows, delete_where=sf.col("site_id") < "m") == MergeCounts(inserted=1, deleted=1)
    assert site_names(silver) == {"a": "A", "c": "C", "x": "X"}


def test_replace_makes_the_matching_rows_exactly_the_given_ones(silver: Lakehouse) -> None:
    from pyspark.sql import functions as sf

    silver.merge("plant.site", sites(silver, ("a", "A"), ("b", "B"), ("x", "X")))
    where = sf.col("site_id").isin("a", "b", "c")
    rows = sites(silver, ("b", "B2"), ("c", "C"))
    assert silver.replace("plant.site", rows, where=where, bound=where) == MergeCounts(1, 1, 1)
    version = silver.version("plant.site")
    assert silver.replace("plant.site", rows, where=where) == MergeCounts()
    assert silver.version("plant.site") == version
    assert site_names(silver) == {"b": "B2", "c": "C", "x": "X"}
    with pytest.raises(ContractError, match=r"1 row\(s\) lie outside the given condition"):
        silver.replace("plant.site", sites(silver, ("q", "Q")), where=where)
    assert silver.replace("plant.site", sites(silver, ("b", "B2"), ("q", "Q"))) == MergeCounts(inserted=1, deleted=2)
    assert site_names(silver) == {"b": "B2", "q": "Q"}
    assert silver.replace("plant.site", sites(silver)) == MergeCounts(deleted=2)
    assert silver.count("plant.site") == 0


def test_a_bound_that_would_hide_a_match_is_refused(silver: Lakehouse) -> None:
    from pyspark.sql import functions as sf

    silver.merge("plant.site", sites(silver, ("a", "A")))
    with pytest.raises(ContractError, match="outside the given condition"):
        silver.merge("plant.site", sites(silver, ("a", "B")), bound=sf.col("site_id") > "k")
    assert silver.merge("plant.site", sites(silver, ("a", "B")), bound=sf.col("site_id") < "k").updated == 1


def test_last_arrival_needs_an_order(silver: Lakehouse) -> None:
    with pytest.raises(ContractError, match="needs order_by"):
        silver.merge("plant.site", sites(silver, ("a", "A")), keep="last_arrival")


def test_a_frame_that_was_read_is_a_snapshot(silver: Lakehouse) -> None:
    silver.append("plant.site", sites(silver, ("a", "A")))
    before = silver.read("plant.site")
    with silver.staged(before) as kept:
        silver.append("plant.site", sites(silver, ("b", "B")))
        assert (before.count(), kept.count()) == (1, 1)
    assert before.is_cached is False
    assert silver.count("plant.site") == 2


def test_tables_with_deletion_vectors_merge_alike(silver: Lakehouse, spark, tmp_path: Path) -> None:
    rows = sites(silver, *((f"s{n:03d}", "old") for n in range(200)))
    silver.merge("plant.site", rows.coalesce(1))
    path = tmp_path / "Tables" / "plant" / "site"
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    assert silver.merge("plant.site", sites(silver, ("s007", "new"))) == MergeCounts(updated=1)
    assert list(path.glob("deletion_vector_*.bin")), "the update did not write a deletion vector"
    assert silver.merge("plant.site", sites(silver, ("s007", "new"))) == MergeCounts()
    assert silver.count("plant.site") == 200


def test_a_column_that_is_younger_than_the_table_reads_as_null_and_is_added_by_a_write(silver, spark, tmp_path) -> None:
    path = str(tmp_path / "Tables" / "plant" / "shift_stop")
    spark.sql("SELECT 's' AS site_id, 'h' AS shift_id, 'p' AS stop_id, 'w' AS reason, 1.0D AS duration_s").write.format(
        "delta"
    ).save(path)
    assert silver.read("plant.shift_stop").collect()[0].start_local is None
    rows = silver.frame("plant.shift_stop", [("s", "h", "p", "w", "06:00:00", 1.0)])
    assert silver.merge("plant.shift_stop", rows) == MergeCounts(updated=1)
    assert silver.read("plant.shift_stop").collect()[0].start_local == "06:00:00"


def test_a_stored_table_without_a_required_column_is_refused(silver, spark, tmp_path) -> None:
    spark.sql("SELECT 's' AS site_id").write.format("delta").save(str(tmp_path / "Tables" / "plant" / "site"))
    with pytest.raises(
        ColumnContractError, match=r"ot_silver.plant.site: missing column\(s\) \['site_name', 'time_zone'\]"
    ):
        silver.read("plant.site")


def test_partitions_follow_the_contract(silver: Lakehouse, tmp_path: Path) -> None:
    silver.append("plant.reading", readings(silver, [("t", 0, 1.0, 0)]))
    assert (tmp_path / "Tables" / "plant" / "reading" / "event_date=2026-03-01").is_dir()


def readings(silver: Lakehouse, rows: list[tuple[str, int, float, int]]):
    built = []
    for tag, minute, value, offset in rows:
        at = T0 + dt.timedelta(minutes=minute)
        built.append((
            tag, at, 0, None, value, None, None, "GOOD", None, None, False, "payload", "hivemq", "p", offset, 0, None,
            T0 + dt.timedelta(seconds=offset), "b", at.date(),
        ))  # fmt: skip
    return silver.frame("plant.reading", built)


ARRIVALS = ("arrival_time_utc", "route", "source_partition", "source_offset", "metric_index")

one_reading = st.tuples(
    st.sampled_from(["t1", "t2"]), st.integers(0, 2), st.sampled_from([1.0, 2.0, 3.0]), st.integers(0, 99)
)


@settings(max_examples=2)
@given(st.lists(one_reading, min_size=2, max_size=8, unique_by=lambda r: r[3]), st.integers(1, 7))
def test_the_last_arrival_wins_in_any_batching(silver_at, tmp_path_factory, rows, cut) -> None:
    silver = silver_at(tmp_path_factory.mktemp("any"))
    for batch in (rows[:cut], rows[cut:]):
        silver.merge("plant.reading", readings(silver, batch), keep="last_arrival", order_by=ARRIVALS)
    expected = {(tag, minute): (offset, value) for tag, minute, value, offset in sorted(rows, key=lambda r: r[3])}
    found = {
        (row.tag_id, (row.event_time_utc - T0.replace(tzinfo=None)).seconds // 60): (
            row.source_offset,
            row.value_double,
        )
        for row in silver.read("plant.reading").collect()
    }
    assert found == expected
    version = silver.version("plant.reading")
    again = silver.merge("plant.reading", readings(silver, rows), keep="last_arrival", order_by=ARRIVALS)
    assert (again, silver.version("plant.reading")) == (MergeCounts(), version)
