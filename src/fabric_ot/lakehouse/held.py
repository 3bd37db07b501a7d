"""Small tables on the driver: read once per commit, and known from the write that made it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pyspark.sql import DataFrame

from fabric_ot.lakehouse.storage import Commit

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class HeldTables:
    """The rows of small tables by path, each with the commit that they are the rows of.

    Each first read of a Delta table's version is three jobs, however few its rows: two rebuild the state of the log. A
    held table is in the plan itself: joining it starts no job, and no lost executor takes it away. A commit is told by
    its version, time and size, so that a table that was deleted and made again is not taken for the old one.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held: dict[str, tuple[Commit, DataFrame]] = {}
        self._lock = Lock()

    def get(self, path: str, commit: Commit, read: Callable[[], DataFrame]) -> DataFrame:
        """Return the table at `path` as of `commit`; what `read` returns where it is not held."""
        with self._lock:
            held = self._held.get(path)
        if held is not None and held[0] == commit:
            return held[1]
        rows = on_driver(read())
        self.keep(path, commit, rows)
        return rows

    def keep(self, path: str, commit: Commit, rows: DataFrame) -> None:
        """Take `rows`, which are on the driver, for the whole table at `path` as of `commit`."""
        with self._lock:
            self._held[path] = (commit, rows)


_BY_SESSION: WeakKeyDictionary[SparkSession, HeldTables] = WeakKeyDictionary()
_LOCK = Lock()


def held_tables(spark: SparkSession) -> HeldTables:
    """Return what the session holds: the notebooks of a pipeline share a session, and read the same small tables."""
    with _LOCK:
        return _BY_SESSION.setdefault(spark, HeldTables())


def on_driver(rows: DataFrame) -> DataFrame:
    """Compute `rows` now and keep them in the plan of the frame that is returned: for thousands of rows at most.

    The rows stay in Java: no value passes through Python's types.
    """
    session: Any = rows.sparkSession
    untyped = rows.select("*")._jdf  # `range` gives numbers to Java, not rows
    return DataFrame(session._jsparkSession.createDataFrame(untyped.collectAsList(), untyped.schema()), session)
