"""The pair of Spark and Delta is real: what is written as Delta can be merged and read back."""

from __future__ import annotations

from pathlib import Path

import pyspark
import pytest

from fabric_ot.errors import NotSupportedError, PlatformError
from fabric_ot.workbench.local.spark import jars
from fabric_ot.workbench.local.spark.runtimes import RUNTIME_1_3, RUNTIME_2_0, Jar, Runtime, runtime_of_spark


def test_a_spark_that_no_fabric_runtime_uses_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"PySpark 4\.0\.0 is installed.*4\.1\.1 \(runtime 2\.0\)"):
        runtime_of_spark("4.0.0")


def test_each_runtime_pins_every_jar_by_hash() -> None:
    for runtime in (RUNTIME_2_0, RUNTIME_1_3):
        assert len({jar.sha256 for jar in runtime.jars}) == len(runtime.jars)
        assert all(len(jar.sha256) == 64 for jar in runtime.jars)


def test_a_jar_with_other_bytes_counts_as_missing(tmp_path: Path) -> None:
    jar = Jar("g", "a", "1", "0" * 64)
    (tmp_path / jar.file_name).write_bytes(b"tampered")
    assert jars.missing_jars(Runtime("x", "x", (17,), (jar,)), tmp_path) == [jar]


def test_a_fetch_that_brings_nothing_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_OT_CACHE", str(tmp_path))
    monkeypatch.setattr(jars, "_FETCH", "raise SystemExit('no network')")
    with pytest.raises(PlatformError, match=r"brought nothing[\s\S]*no network[\s\S]*Hint"):
        jars.ensure_jars(RUNTIME_2_0)


@pytest.mark.spark
def test_delta_merges_and_keeps_its_history(spark, tmp_path: Path) -> None:
    from delta.tables import DeltaTable

    path = str(tmp_path / "t")
    spark.range(3).write.format("delta").save(path)
    table = DeltaTable.forPath(spark, path)
    table.alias("t").merge(spark.range(2, 5).alias("s"), "t.id = s.id").whenNotMatchedInsertAll().execute()
    assert sorted(row.id for row in spark.read.format("delta").load(path).collect()) == [0, 1, 2, 3, 4]
    assert spark.version == pyspark.__version__
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
