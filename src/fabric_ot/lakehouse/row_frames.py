"""Frames of rows that are on the driver, without a Python worker.

Spark keeps a list as pickled bytes and asks a Python worker for them each time that the frame is read, which costs some
hundred milliseconds of CPU for a single row. Rows that come as an Arrow table lie in the plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

if TYPE_CHECKING:
    import pyarrow as pa


def frame_of_rows(spark: SparkSession, rows: Sequence[Sequence[Any]], ddl: str) -> DataFrame:
    """Build a frame from rows of Python values.

    What Arrow does not take as it is (a struct, a null where there may be none, a value of another type) goes the usual
    way: Spark builds the frame or says what is wrong.

    Args:
        spark: the session.
        rows: one sequence of values per row; naive datetimes are read in the process's zone.
        ddl: the columns, as in `"tag_id string, event_time_utc timestamp"`.
    """
    schema = _schema(spark, ddl)
    table = _table(rows, schema)
    if table is None:
        return spark.createDataFrame([tuple(row) for row in rows], ddl)
    if spark.version >= "4":
        return spark.createDataFrame(table, schema)  # type: ignore[call-overload, no-any-return, unused-ignore]
    return _from_arrow_3(spark, table, schema)


def _schema(spark: SparkSession, ddl: str) -> StructType:
    from_ddl = getattr(StructType, "fromDDL", None)
    return from_ddl(ddl) if from_ddl else spark.createDataFrame([], ddl).schema


def _table(rows: Sequence[Sequence[Any]], schema: StructType) -> pa.Table | None:
    """Return the rows as Arrow; None where Spark must look at them itself."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_type

    if any(len(row) != len(schema) for row in rows) or any(_is_nested(field.dataType) for field in schema):
        return None
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    try:
        arrays = [
            pa.array(map(_with_zone, column), to_arrow_type(field.dataType))
            for field, column in zip(schema, columns, strict=True)
        ]
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    if any(array.null_count and not field.nullable for field, array in zip(schema, arrays, strict=True)):
        return None
    return pa.Table.from_arrays(arrays, names=schema.names)


def _is_nested(type_: DataType) -> bool:
    if isinstance(type_, ArrayType):
        return _is_nested(type_.elementType)
    return isinstance(type_, (StructType, MapType))


def _with_zone(value: Any) -> Any:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value


def _from_arrow_3(spark: SparkSession, table: pa.Table, schema: StructType) -> DataFrame:
    """Hand the table to Java as Spark 3.5 itself does with one of pandas: there is no public door for Arrow."""
    from pyspark.sql.pandas.serializers import ArrowStreamSerializer

    session: Any = spark
    read, server = session._jvm.PythonSQLUtils.readArrowStreamFromFile, session._jvm.ArrowIteratorServer
    batches = session.sparkContext._serialize_to_jvm(table.to_batches(), ArrowStreamSerializer(), read, server)
    return DataFrame(session._jvm.PythonSQLUtils.toDataFrame(batches, schema.json(), session._jsparkSession), session)
