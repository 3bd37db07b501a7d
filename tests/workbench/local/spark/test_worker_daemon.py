"""Python workers import from folders: an archive would be read anew before every task."""

from __future__ import annotations

from pathlib import Path

import pyspark
import pytest

pytestmark = pytest.mark.spark


def test_a_worker_has_pyspark_as_it_is_installed_and_knows_no_archive(spark) -> None:
    def places(_):
        import sys

        import pyspark as workers

        known = [place for place in (*sys.path, *sys.path_importer_cache) if ".zip" in place or ".jar" in place]
        yield workers.__file__, known

    rows = spark.sparkContext.parallelize([1, 2], 2).mapPartitions(places).collect()
    installed = str(Path(pyspark.__file__))
    assert rows == [(installed, [])] * 2
