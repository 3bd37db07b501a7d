"""What the tests of this room share: a silver lakehouse in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fabric_ot.lakehouse import Lakehouse


@pytest.fixture
def silver_at(spark) -> Callable[[Path], Lakehouse]:
    """Open the silver lakehouse of a folder; each call gives another object."""

    def open_silver(folder: Path) -> Lakehouse:
        return Lakehouse(
            spark,
            name="ot_silver",
            layer="silver",
            tables_path=str(folder / "Tables"),
            files_path=str(folder / "Files"),
        )

    return open_silver


@pytest.fixture
def silver(silver_at: Callable[[Path], Lakehouse], tmp_path: Path) -> Lakehouse:
    """The silver lakehouse of this test."""
    return silver_at(tmp_path)
