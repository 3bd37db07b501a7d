"""Framing: binds each Direct Lake partition to a version of its Delta table and checks it, as a refresh would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from fabric_ot.errors import FabricOTError, FramingError
from fabric_ot.workbench.items.semantic_model import SemanticModel, Table
from fabric_ot.workbench.local.direct_lake import checks
from fabric_ot.workbench.local.direct_lake.delta_source import DeltaSource, TableFacts
from fabric_ot.workbench.local.direct_lake.guardrails import Guardrails, guardrails_of

ResolveItem = Callable[[str, str], Path]
"""Finds an item's OneLake folder by workspace id and item id."""

_ONELAKE = re.compile(
    r'AzureStorage\.DataLake\(\s*"https://onelake\.dfs\.fabric\.microsoft\.com/'
    r'(?P<workspace>[^/"]+)/(?P<item>[^/"]+)/?"'
)


@dataclass(frozen=True)
class FramedModel:
    """A model with the data of one version of each table, by model table and column names."""

    model: SemanticModel
    tables: Mapping[str, pa.Table]
    versions: Mapping[str, int]
    facts: Mapping[str, TableFacts]
    warnings: tuple[str, ...]


def frame_model(model: SemanticModel, *, resolve: ResolveItem, sku: str = "F2") -> FramedModel:
    """Bind every table of a Direct Lake model to its Delta table and check it against the capacity `sku`.

    Raises:
        FramingError: something that would fail a refresh in Fabric; the message lists all problems found.
        NotSupportedError: the SKU is not known.
    """
    framing = _Framing(model, resolve, guardrails_of(sku))
    for table in model.tables:
        framing.frame(table)
    problems = [*framing.problems, *checks.relationship_problems(model), *framing.size_problems()]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        message = f"model {model.name!r} cannot be framed, {len(problems)} problem(s):\n{lines}"
        raise FramingError(message)
    versions = {name: facts.version for name, facts in framing.facts.items()}
    return FramedModel(model, framing.tables, versions, framing.facts, framing.told_warnings())


class _Framing:
    """One pass over the tables; collects data, facts, problems and warnings."""

    def __init__(self, model: SemanticModel, resolve: ResolveItem, limits: Guardrails) -> None:
        self.model = model
        self.resolve = resolve
        self.limits = limits
        self.tables: dict[str, pa.Table] = {}
        self.facts: dict[str, TableFacts] = {}
        self.problems: list[str] = []
        self.warnings: dict[str, list[str]] = {}

    def frame(self, table: Table) -> None:
        try:
            source = DeltaSource(self._folder(table))
            found = self._check(table, source)
        except (FabricOTError, OSError, KeyError) as exc:
            found = [str(exc)]
        self.problems += [f"table {table.name!r}: {problem}" for problem in found]

    def size_problems(self) -> list[str]:
        total = sum(facts.bytes_on_disk for facts in self.facts.values())
        if self.limits.model_bytes is None or total <= self.limits.model_bytes:
            return []
        return [f"the model takes {total:,} bytes on disk; {self.limits.sku} allows {self.limits.model_bytes:,}"]

    def told_warnings(self) -> tuple[str, ...]:
        """Tables that share a warning share a sentence."""
        return tuple(f"table {', '.join(map(repr, names))}: {warning}" for warning, names in self.warnings.items())

    def _folder(self, table: Table) -> Path:
        """Return the Delta folder that the partition names, through the shared expression that it refers to."""
        partition = table.partition
        if partition is None or partition.kind != "entity" or partition.mode != "directLake":
            found = f"{partition.kind}/{partition.mode}" if partition else "none"
            message = f"a Direct Lake partition (entity, mode directLake) is needed, found {found}"
            raise FramingError(message)
        texts = {expression.name: expression.text for expression in self.model.expressions}
        if partition.expression_source not in texts:
            message = f"there is no expression {partition.expression_source!r}; known: {sorted(texts)}"
            raise FramingError(message)
        match = _ONELAKE.search(texts[partition.expression_source])
        if match is None:
            message = (
                f"expression {partition.expression_source!r} names no OneLake item; Direct Lake on OneLake needs "
                'AzureStorage.DataLake("https://onelake.dfs.fabric.microsoft.com/<workspaceId>/<itemId>", ...)'
            )
            raise FramingError(message)
        item = self.resolve(match["workspace"], match["item"])
        return item / "Tables" / partition.schema_name / partition.entity_name

    def _check(self, table: Table, source: DeltaSource) -> list[str]:
        facts = source.facts()
        self.facts[table.name] = facts
        problems = self.limits.breaches(facts) + checks.column_problems(table.columns, facts.column_types)
        if problems:
            return problems
        data = source.read(table.columns)
        keys = sorted({r.to_column for r in self.model.relationships if r.to_table == table.name})
        self.tables[table.name] = data
        for warning in checks.table_warnings(facts, data):
            self.warnings.setdefault(warning, []).append(table.name)
        return checks.value_problems(data) + checks.key_problems(data, keys)
