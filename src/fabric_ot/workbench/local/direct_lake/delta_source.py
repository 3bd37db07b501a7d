"""One Delta table as Direct Lake sees it: its schema, its files and its rows.

Rows are read by the Delta library's own query engine, which is right for deletion vectors and column mapping, and
handed on by DuckDB as plain Arrow types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError

from fabric_ot.errors import FramingError
from fabric_ot.workbench.items.semantic_model import Column


@dataclass(frozen=True)
class TableFacts:
    """What guardrails look at."""

    version: int
    parquet_files: int
    row_groups: int
    rows: int
    bytes_on_disk: int
    has_vorder: bool
    has_deletion_vectors: bool
    column_types: dict[str, str]
    """Delta type by column name; nested types are told as struct, array or map."""


class DeltaSource:
    """A Delta table in a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the current version.

        Raises:
            FramingError: there is no Delta table in `folder`.
        """
        self.folder = folder
        if not (folder / "_delta_log").is_dir():
            message = f"there is no Delta table in {folder}"
            raise FramingError(message)
        try:
            self._table = DeltaTable(str(folder))
        except DeltaError as exc:
            message = f"the Delta table in {folder} cannot be opened: {exc}"
            raise FramingError(message) from exc

    def facts(self) -> TableFacts:
        """Return schema, files, row groups and sizes from the log and the file footers."""
        fields = self._table.schema().fields
        features = self._table.protocol().reader_features or []
        files = [_local_path(uri) for uri in self._table.file_uris()]
        footers = [pq.read_metadata(path) for path in files]
        return TableFacts(
            version=self._table.version(),
            parquet_files=len(files),
            row_groups=sum(footer.num_row_groups for footer in footers),
            rows=sum(footer.num_rows for footer in footers),
            bytes_on_disk=sum(path.stat().st_size for path in files),
            has_vorder=_all_vordered(footers),
            has_deletion_vectors="deletionVectors" in features,
            column_types={field.name: _type_name(field.type) for field in fields},
        )

    def read(self, columns: Sequence[Column]) -> pa.Table:
        """Return all rows, with the model's column names."""
        selected = ", ".join(f"{_quote(column.source_column)} AS {_quote(column.name)}" for column in columns)
        try:
            builder = QueryBuilder().register("source", self._table)
            rows = builder.execute(f"SELECT {selected} FROM source").read_all()  # noqa: S608
        except DeltaError as exc:
            message = f"the Delta table in {self.folder} cannot be read: {exc}"
            raise FramingError(message) from exc
        # The reader yields string views, which older pyarrow cannot take; DuckDB gives plain strings.
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.from_arrow(rows).to_arrow_table()


def _local_path(uri: str) -> Path:
    """Return the file behind an address of the Delta library, which percent-encodes blanks with and without a scheme.

    Example:
        >>> _local_path("/lake/ot%20gold/part-0.parquet").as_posix()
        '/lake/ot gold/part-0.parquet'
    """
    return Path(unquote(urlparse(uri).path if uri.startswith("file:") else uri))


def _all_vordered(footers: Sequence[pq.FileMetaData]) -> bool:
    return bool(footers) and all(any(b"vorder" in key.lower() for key in footer.metadata or {}) for footer in footers)


def _type_name(kind: object) -> str:
    """Return the Delta name of a type; nested types by their kind alone.

    Example:
        >>> from deltalake.schema import PrimitiveType
        >>> _type_name(PrimitiveType("integer"))
        'integer'
    """
    name = getattr(kind, "type", None)
    return name if isinstance(name, str) else type(kind).__name__


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
