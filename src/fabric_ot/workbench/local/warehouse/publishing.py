"""Committed tables as Delta, as Fabric publishes a Warehouse: one atomic commit, only when the content changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.warehouse.engine import Engine
from fabric_ot.workbench.local.warehouse.sql_types import DATETIME2
from fabric_ot.workbench.local.warehouse.sql_values import quoted_name
from fabric_ot.workbench.local.warehouse.translate.scope import Relation

CONTENT_KEY = "fabric_ot.content"
"""The commit's own note of what it holds: schema, number of rows and an order-free hash of them."""


class Publisher:
    """Writes tables below one `Tables` folder."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Publish to `folder`/<schema>/<table>."""
        self._engine = engine
        self._folder = folder

    def publish(self, schema: str, table: str, relation: Relation) -> bool:
        """Write the table if its content is not what the newest commit holds; says whether it wrote."""
        try:
            import pyarrow as pa
            from deltalake import CommitProperties, write_deltalake
        except ImportError as exc:
            raise MissingDependencyError.for_extra("Publishing Warehouse tables", "local") from exc
        target = self._folder / schema / table
        content = self._content(relation)
        if _published_content(target) == content:
            return False
        columns = ", ".join(map(quoted_name, relation.columns))
        found = self._engine.arrow(f"SELECT {columns} FROM {relation.sql} ORDER BY ALL")
        fields: list[Any] = []
        for field in found.schema:
            instant = relation.columns[field.name] == DATETIME2
            type_ = pa.timestamp("us", "UTC") if instant else field.type
            fields.append(pa.field(field.name, type_, nullable=relation.nullable.get(field.name, True)))
        target.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            str(target),
            found.cast(pa.schema(fields)),
            mode="overwrite",
            schema_mode="overwrite",
            commit_properties=CommitProperties(custom_metadata={CONTENT_KEY: content}),
        )
        return True

    def remove(self, schema: str, table: str) -> None:
        """Remove a dropped table."""
        shutil.rmtree(self._folder / schema / table, ignore_errors=True)

    def _content(self, relation: Relation) -> str:
        columns = ", ".join(map(quoted_name, relation.columns))
        rows = self._engine.execute(
            f"SELECT count(*), coalesce(sum(CAST(hash({columns}) AS HUGEINT)), 0), "
            f"coalesce(bit_xor(hash({columns}, 'fabric_ot')), 0) FROM {relation.sql}"
        )
        types = ",".join(f"{n}:{t}:{relation.nullable.get(n, True)}" for n, t in relation.columns.items())
        return f"{types}|{'|'.join(map(str, rows[0]))}"


def _published_content(target: Path) -> str | None:
    from deltalake import DeltaTable

    if not DeltaTable.is_deltatable(str(target)):
        return None
    newest = DeltaTable(str(target)).history(1)
    return newest[0].get(CONTENT_KEY) if newest else None
