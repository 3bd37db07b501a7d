"""The Files area of a lakehouse: what landed there, and readers for its formats."""

from __future__ import annotations

import datetime as dt
import posixpath
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf

from fabric_ot.errors import ContractError
from fabric_ot.lakehouse.probes import Probe, probe_avro, probe_parquet
from fabric_ot.lakehouse.storage import stored_files

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

Paths = list[str]
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class LandedFile:
    """One file: its path below the listed folder, its size and when it was last written."""

    path: str
    size_bytes: int
    modified_utc: dt.datetime


class FileArea:
    """The `Files` folder of one lakehouse; every path is relative to it and cannot leave it."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        """Keep the session and the folder."""
        self._spark = spark
        self._root = root.rstrip("/")

    def list(self, below: str, pattern: str = "*") -> list[LandedFile]:
        """Return the files anywhere below the folder `below` whose path there matches `pattern`, sorted by path.

        `*` crosses folders. Files and folders whose name begins with `.` or `_` are in the making, and left out.
        """
        root = self._path(below)
        found = stored_files(self._spark, root)
        listed = ((file, file.path.partition(root + "/")[2]) for file in found)
        return [
            LandedFile(path, file.size_bytes, _EPOCH + dt.timedelta(milliseconds=file.modified_ms))
            for file, path in listed
            if fnmatchcase(path, pattern) and not any(part[:1] in "._" for part in path.split("/"))
        ]

    def read_text(self, path: str) -> str:
        """Return the whole text of one file; it must be UTF-8.

        Raises:
            ContractError: there is no such file, or it is not UTF-8.
        """
        if not any(True for _ in stored_files(self._spark, self._path(path))):
            message = f"{path}: no such file below Files. Hint: land it before the run."
            raise ContractError(message)
        content = self.binary([path]).select("content").collect()[0][0]
        try:
            return bytes(content).decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            message = f"{path}: not UTF-8 (byte {exc.start}). Hint: save it as UTF-8."
            raise ContractError(message) from exc

    def below(self, folder: str) -> FileArea:
        """Return the area of one folder, for which all paths are relative to that folder."""
        return FileArea(self._spark, self._path(folder))

    def probe(self, path: str) -> Probe:
        """Look into one Parquet or Avro file without reading its rows.

        Raises:
            ContractError: the file is not whole.
        """
        look = probe_avro if path.endswith(".avro") else probe_parquet
        return look(self._spark, self._path(path))

    def parquet(self, paths: Paths) -> DataFrame:
        """Read Parquet files of one schema, with `source_file` (relative path) and `row_index` (from 0 per file)."""
        rows = self._spark.read.parquet(*self.full_paths(paths))
        return rows.select("*", self._source_file("_metadata.file_path"), sf.col("_metadata.row_index"))

    def avro(self, paths: Paths) -> DataFrame:
        """Read Avro files, with `source_file` (relative path); union branches come as structs `member0..`."""
        rows = self._spark.read.format("avro").load(self.full_paths(paths))
        return rows.select("*", self._source_file("_metadata.file_path"))

    def binary(self, paths: Paths) -> DataFrame:
        """Read whole files as `content`, with `source_file` (relative path)."""
        rows = self._spark.read.format("binaryFile").load(self.full_paths(paths))
        return rows.select("content", self._source_file("_metadata.file_path"))

    def full_paths(self, paths: Paths) -> Paths:
        """Return `paths` as Spark opens them."""
        return [self._path(path) for path in paths]

    def _path(self, path: str) -> str:
        clean = posixpath.normpath(path.replace("\\", "/"))
        if clean == ".." or clean.startswith(("../", "/")):
            message = f"{path!r} leaves the Files area. Hint: name a path below Files."
            raise ContractError(message)
        return self._root if clean == "." else f"{self._root}/{clean}"

    def _source_file(self, uri: str) -> Column:
        return sf.substring_index(decoded_path(uri), self._root + "/", -1).alias("source_file")


def decoded_path(uri: str) -> Column:
    """Return the column `uri`, in which Spark tells encoded URIs, as plain paths: a plus sign is one, not a blank."""
    return sf.url_decode(sf.replace(sf.col(uri), sf.lit("+"), sf.lit("%2B")))
