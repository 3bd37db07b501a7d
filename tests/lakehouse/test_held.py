"""A small table is read once per commit, never after its commit is another one, and comes back as it was."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from fabric_ot.lakehouse import Lakehouse
from fabric_ot.lakehouse.held import HeldTables, on_driver
from fabric_ot.lakehouse.java_classes import java_class
from fabric_ot.lakehouse.storage import Commit

pytestmark = pytest.mark.spark

FIRST, SECOND = Commit(0, 1_000, 10), Commit(1, 2_000, 20)


def write_sites(silver: Lakehouse, *names: str) -> None:
    silver.replace("plant.site", silver.frame("plant.site", [(name, name, "UTC") for name in names]))


def site_ids(silver: Lakehouse) -> list[str]:
    return sorted(row.site_id for row in silver.read("plant.site").collect())


def jobs_so_far(spark) -> int:
    return spark.sparkContext._jsc.sc().dagScheduler().numTotalJobs()


def test_a_small_table_that_was_written_is_read_without_a_job(spark, silver: Lakehouse) -> None:
    write_sites(silver, "a", "b")
    before = jobs_so_far(spark)
    assert site_ids(silver) == ["a", "b"]
    assert jobs_so_far(spark) == before


def test_what_another_lakehouse_object_wrote_is_seen(silver: Lakehouse, silver_at, tmp_path: Path) -> None:
    write_sites(silver, "a")
    assert site_ids(silver) == ["a"]
    write_sites(silver_at(tmp_path), "a", "c")
    assert site_ids(silver) == ["a", "c"]


def test_what_another_program_wrote_is_seen(silver: Lakehouse, tmp_path: Path) -> None:
    write_sites(silver, "a")
    assert site_ids(silver) == ["a"]
    silver.frame("plant.site", [("b", "B", "UTC")]).write.format("delta").mode("append").save(
        str(tmp_path / "Tables" / "plant" / "site")
    )
    assert site_ids(silver) == ["a", "b"]


def test_a_table_that_was_deleted_and_made_again_is_not_taken_for_the_old_one(silver: Lakehouse, tmp_path) -> None:
    write_sites(silver, "old")
    assert site_ids(silver) == ["old"]
    shutil.rmtree(tmp_path / "Tables" / "plant" / "site")
    assert site_ids(silver) == []
    write_sites(silver, "new", "newer")
    assert silver.version("plant.site") == 0
    assert site_ids(silver) == ["new", "newer"]


def test_an_insert_into_a_held_table_is_read_anew(silver: Lakehouse) -> None:
    write_sites(silver, "a")
    assert silver.merge("plant.site", silver.frame("plant.site", [("b", "B", "UTC")])).inserted == 1
    assert site_ids(silver) == ["a", "b"]


def test_a_held_table_is_read_again_only_after_another_commit(spark) -> None:
    held, reads = HeldTables(), []

    def read():
        reads.append(1)
        return spark.range(len(reads))

    assert [held.get("t", commit, read).count() for commit in (FIRST, FIRST, SECOND, FIRST)] == [1, 1, 2, 3]


def test_every_type_of_a_contract_comes_back_as_it_was(spark) -> None:
    schema = (
        "text string, whole int, long long, real double, yes boolean, day date, at timestamp, exact decimal(20,6),"
        " bytes binary, many array<string>, named map<string,double>, row struct<a:int,b:timestamp>"
    )
    at = dt.datetime(1969, 12, 31, 23, 59, 59, 123_456)
    rows = [
        ("ä 🏭", -1, 2**62, float("-inf"), True, dt.date(1582, 10, 4), at, None, b"\x00\xff", ["x", None], {"k": 0.1}),
        (None, None, None, float("nan"), None, None, None, None, None, None, None),
        ("", 0, 0, -0.0, False, dt.date(9999, 12, 31), dt.datetime(2026, 10, 25, 1, 30), None, b"", [], {}),
    ]
    frame = spark.createDataFrame([(*row, (1, at)) for row in rows], schema)
    there = on_driver(frame)
    assert there.schema == frame.schema
    as_json = "to_json(struct(*), map('ignoreNullFields', 'false')) as told"
    assert [row.told for row in there.selectExpr(as_json).collect()] == [
        row.told for row in frame.selectExpr(as_json).collect()
    ]


def test_a_java_class_is_had_by_its_name(spark) -> None:
    assert java_class(spark, "org.apache.hadoop.fs.Path")("/a/b").getName() == "b"
    assert java_class(spark, "java.lang.Math").max(1, 2) == 2
