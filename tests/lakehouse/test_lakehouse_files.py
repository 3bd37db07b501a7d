"""Files are listed by what a run may rely on: path, size, time; nothing outside the area can be named."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from fabric_ot.errors import ContractError
from fabric_ot.lakehouse import FileArea, LandedFile

pytestmark = pytest.mark.spark

AT = dt.datetime(2026, 3, 1, 6, 0, 0, 250000, tzinfo=dt.UTC)


@pytest.fixture
def files(spark, tmp_path: Path) -> FileArea:
    for name in ("b/two.csv", "a/one deep/é x.csv", "a/skip.parquet", "_temporary/no.csv", "a/.hidden.csv"):
        path = tmp_path / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
        os.utime(path, (AT.timestamp(), AT.timestamp()))
    return FileArea(spark, str(tmp_path))


def test_files_are_listed_below_a_folder_without_those_in_the_making(files: FileArea) -> None:
    assert files.list("landing", "*.csv") == [
        LandedFile("a/one deep/é x.csv", 2, AT),
        LandedFile("b/two.csv", 2, AT),
    ]
    assert [file.path for file in files.list("landing", "a/*")] == ["a/one deep/é x.csv", "a/skip.parquet"]


def test_a_folder_that_does_not_exist_lists_nothing(files: FileArea) -> None:
    assert files.list("nothing") == []


def test_a_path_that_leaves_the_area_is_refused(files: FileArea) -> None:
    for path in ("../secret", "landing/../../secret", "/etc/passwd"):
        with pytest.raises(ContractError, match="leaves the Files area"):
            files.read_text(path)


def test_text_is_read_as_utf8_without_its_mark(files: FileArea, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b"\xef\xbb\xbf{}")
    (tmp_path / "latin.json").write_bytes(b"\xe9")
    assert files.read_text("t.json") == "{}"
    with pytest.raises(ContractError, match=r"latin.json: not UTF-8 \(byte 0\)"):
        files.read_text("latin.json")
    with pytest.raises(ContractError, match=r"gone.json: no such file"):
        files.read_text("gone.json")
