"""The `Lakehouse` object: tables by contract name, written idempotently, and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from fabric_ot.contracts import Table, find_table
from fabric_ot.contracts.table import Layer
from fabric_ot.lakehouse.conform import as_contract, check_rows, conform, spark_type
from fabric_ot.lakehouse.files import FileArea
from fabric_ot.lakehouse.held import held_tables, on_driver
from fabric_ot.lakehouse.landed_tables import LandedTable, open_landed_table
from fabric_ot.lakehouse.merge import (
    Keep,
    MergeCounts,
    MergePlan,
    apply_actions,
    count_actions,
    to_actions,
    to_inserted,
)
from fabric_ot.lakehouse.row_frames import frame_of_rows
from fabric_ot.lakehouse.storage import Commit, last_commit, release
from fabric_ot.lakehouse.together import do_together

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession


class Lakehouse:
    """One lakehouse. Every table is asked for by its contract's `schema.name`; every write conforms to it.

    A frame that was read is a snapshot: it does not change when its table is written later.
    """

    def __init__(self, spark: SparkSession, *, name: str, layer: Layer, tables_path: str, files_path: str) -> None:
        """Keep the session and the places of tables and files."""
        self.name = name
        self.layer = layer
        self.files = FileArea(spark, files_path)
        self._spark = spark
        self._tables_path = tables_path.rstrip("/")

    def read(self, table: str) -> DataFrame:
        """Return the table as it is now; an empty frame with the contract's schema where it does not exist yet."""
        contract = self._contract(table)
        commit = self._commit(contract)
        if commit is None:
            # A frame that the optimizer knows to be empty: joins with it cost nothing.
            nothing = self._spark.range(1).where(sf.lit(False))
            return nothing.select(*(sf.lit(None).cast(spark_type(c)).alias(c.name) for c in contract.columns))
        return self._read_at(contract, commit)

    def landed_table(self, table: str) -> LandedTable | None:
        """Return a table `schema.name` that something else writes here and no contract names; None without one."""
        return open_landed_table(self._spark, f"{self._tables_path}/{table.replace('.', '/')}")

    def append(self, table: str, rows: DataFrame) -> int:
        """Add `rows` to the table, creating it where it is missing, and return how many there were.

        Raises:
            ColumnContractError: a column is missing or of another type.
            ContractError: a required column has nulls. Nothing is written.
        """
        contract = self._contract(table)
        where = self._where("append", table)
        with self.staged(conform(rows, contract, where=where)) as conformed:
            count = check_rows(conformed, contract, where=where)
            if count or self.version(table) is None:
                self._write(contract, conformed, mode="append")
        return count

    def merge(
        self,
        table: str,
        rows: DataFrame,
        *,
        keep: Keep = "source",
        order_by: Sequence[str] = (),
        delete_where: Column | None = None,
        bound: Column | None = None,
        is_unique: bool = False,
    ) -> MergeCounts:
        """Merge `rows` into the table on the contract's key; nothing is written when nothing differs.

        Args:
            table: the contract's `schema.name`.
            rows: what the table shall hold; conformed to the contract.
            keep: `source` updates rows that differ; `target` only inserts; `last_arrival` updates where the tuple
                of `order_by` is greater in `rows`.
            order_by: columns that order rows of one key; `rows` may then repeat keys (`target` keeps the first,
                the others the last).
            delete_where: rows of the table that match this condition and have no key in `rows` are deleted.
            bound: a predicate over the contract's columns that all `rows` and all their matches satisfy: it prunes
                the files that are read.
            is_unique: the caller vouches that no key repeats, and the check for it (a shuffle) is saved.

        Raises:
            ContractError: nulls in required columns, repeated keys, or rows outside `bound`. Nothing is written.
        """
        plan = MergePlan(keep, tuple(order_by), delete_where, bound, is_unique)
        return self._merge("merge", table, rows, plan)

    def replace(
        self, table: str, rows: DataFrame, *, where: Column | None = None, bound: Column | None = None
    ) -> MergeCounts:
        """Make the rows that match `where` (None: all rows) exactly `rows`; nothing is written when they already are.

        `bound` is as in `merge`; where `where` is a condition over key columns, it may be given as `bound` too.

        Raises:
            ContractError: as `merge`; also when one of `rows` does not match `where`. Nothing is written.
        """
        within = () if where is None else (where,)
        delete_where = sf.lit(True) if where is None else where
        is_whole_table = where is None and bound is None
        plan = MergePlan("source", (), delete_where, bound, within=within, is_whole_table=is_whole_table)
        return self._merge("replace", table, rows, plan)

    def replace_all(
        self, rows_by_table: Mapping[str, DataFrame], *, where: Column | None = None
    ) -> dict[str, MergeCounts]:
        """Do `replace` for several tables, some at a time.

        Tables are written apart from each other: when one fails, others may have been written, and the next run of
        the step writes what is missing.

        Raises:
            ContractError: as `replace`, for the first table that failed; the others stand in its notes.
        """
        return do_together(
            {table: partial(self.replace, table, rows, where=where) for table, rows in rows_by_table.items()}
        )

    @contextmanager
    def staged(self, rows: DataFrame) -> Iterator[DataFrame]:
        """Compute `rows` now, once for all uses inside the block; released at its end.

        Spark plans every use of a frame from its sources, cached or not; where frames build on each other, planning
        soon costs more than computing. The staged frame has forgotten how it was made.
        """
        kept = self.settled(rows)
        try:
            yield kept
        finally:
            release(kept)

    def settled(self, rows: DataFrame) -> DataFrame:
        """Compute `rows` now and forget how, as `staged` does; released when nothing refers to the frame any more."""
        return rows.localCheckpoint(eager=True)

    def frame(self, table: str, rows: Sequence[tuple[Any, ...]]) -> DataFrame:
        """Build a small frame with the contract's columns from tuples."""
        return frame_of_rows(self._spark, rows, self._contract(table).spark_ddl())

    def create(self, *tables: str) -> None:
        """Create tables that do not exist yet, empty, so that shortcuts and T-SQL find them."""
        missing = [self._contract(table) for table in tables if self.version(table) is None]
        do_together({c.full_name: partial(self._write, c, self.frame(c.full_name, []), mode="append") for c in missing})

    def count(self, table: str) -> int:
        """Return how many rows the table has; 0 where it does not exist."""
        return self.read(table).count()

    def version(self, table: str) -> int | None:
        """Return the table's Delta version; None where it does not exist."""
        commit = self._commit(self._contract(table))
        return None if commit is None else commit.version

    def _merge(self, verb: str, table: str, rows: DataFrame, plan: MergePlan) -> MergeCounts:
        contract = self._contract(table)
        where = self._where(verb, table)
        conformed = plan.one_per_key(conform(rows, contract, where=where), contract.key, where=where)
        key_to_check = contract.key if plan.needs_key_check else ()
        with nullcontext(on_driver(conformed)) if contract.is_small else self.staged(conformed) as source:
            count = check_rows(source, contract, where=where, key=key_to_check, within=plan.conditions)
            commit = self._commit(contract)
            if commit is None:
                self._write_whole(contract, source, None)
                return MergeCounts(inserted=count)
            target = self._read_at(contract, commit)
            if plan.bound is not None and plan.delete_where is None and target.where(plan.bound).isEmpty():
                if count:
                    self._write(contract, source, mode="append")
                return MergeCounts(inserted=count)
            with self.staged(to_actions(source, target, contract.key, plan)) as changes:
                counts = count_actions(changes)
                if plan.is_whole_table and counts.changed > counts.inserted:
                    self._write_whole(contract, source, commit)
                else:
                    self._apply(contract, changes, counts, plan)
        return counts

    def _read_at(self, contract: Table, commit: Commit) -> DataFrame:
        read = partial(self._read_delta, contract, commit.version)
        return held_tables(self._spark).get(self._path(contract), commit, read) if contract.is_small else read()

    def _read_delta(self, contract: Table, version: int) -> DataFrame:
        reader = self._spark.read.format("delta").option("versionAsOf", version)
        where = f"{self.name}.{contract.full_name}"
        return as_contract(reader.load(self._path(contract)), contract, where=where)

    def _apply(self, contract: Table, changes: DataFrame, counts: MergeCounts, plan: MergePlan) -> None:
        """Write the changes by the cheapest commit that does it."""
        if not counts.changed:
            return
        if counts.changed == counts.inserted:
            self._write(contract, to_inserted(changes), mode="append")
        else:
            self._add_columns(contract)
            apply_actions(self._spark, self._path(contract), changes, contract.key, counts, bound=plan.bound)

    def _commit(self, contract: Table) -> Commit | None:
        return last_commit(self._spark, self._path(contract))

    def _contract(self, table: str) -> Table:
        return find_table(self.layer, table)

    def _path(self, contract: Table) -> str:
        return f"{self._tables_path}/{contract.schema}/{contract.name}"

    def _where(self, verb: str, table: str) -> str:
        return f"{verb} into {self.name} {table}"

    def _write_whole(self, contract: Table, rows: DataFrame, before: Commit | None) -> None:
        """Write all that the table shall hold; a small one is then held, where nobody else wrote since `before`."""
        self._write(contract, rows, mode="append" if before is None else "overwrite")
        if not contract.is_small:
            return
        after = self._commit(contract)
        expected = 0 if before is None else before.version + 1
        if after is not None and after.version == expected:
            held_tables(self._spark).keep(self._path(contract), after, rows)

    def _write(self, contract: Table, rows: DataFrame, *, mode: str) -> None:
        writer = rows.write.format("delta").mode(mode).option("mergeSchema", "true")
        if contract.partition_by:
            writer = writer.partitionBy(*contract.partition_by)
        writer.save(self._path(contract))

    def _add_columns(self, contract: Table) -> None:
        stored = self._spark.read.format("delta").load(self._path(contract)).columns
        if any(column.nullable and column.name not in stored for column in contract.columns):
            self._write(contract, self.frame(contract.full_name, []), mode="append")
