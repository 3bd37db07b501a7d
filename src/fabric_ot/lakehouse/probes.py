"""A cheap look into one file before Spark reads many: is it whole, which columns has it, has it rows?

The footer (Parquet) or the blocks without their records (Avro) are read, through the libraries that Spark brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from fabric_ot.errors import ContractError
from fabric_ot.lakehouse.java_classes import java_class

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MAX_REASON = 300


@dataclass(frozen=True)
class Probe:
    """What a file says of itself: its columns with the format's own type names, and whether it has rows."""

    columns: Mapping[str, str]
    has_rows: bool


def probe_parquet(spark: SparkSession, path: str) -> Probe:
    """Read the footer of one Parquet file.

    Raises:
        ContractError: the file is not whole; the message is the reader's.
    """
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    parquet = "org.apache.parquet"
    # without these options the reader would look for Hadoop's settings anew, in every jar, for every file
    options = java_class(spark, f"{parquet}.HadoopReadOptions").builder(settings).build()
    try:
        hadoop_path = java_class(spark, "org.apache.hadoop.fs.Path")(path)
        hadoop_file = java_class(spark, f"{parquet}.hadoop.util.HadoopInputFile").fromPath(hadoop_path, settings)
        reader = java_class(spark, f"{parquet}.hadoop.ParquetFileReader").open(hadoop_file, options)
    except Py4JJavaError as exc:
        raise ContractError(java_reason(exc)) from exc
    try:
        fields = reader.getFileMetaData().getSchema().getFields()
        return Probe({field.getName(): _parquet_type(field) for field in fields}, reader.getRecordCount() > 0)
    finally:
        reader.close()


def probe_avro(spark: SparkSession, path: str) -> Probe:
    """Walk over the blocks of one Avro file: some readers take a cut file for a shorter one, and rows would be lost.

    Raises:
        ContractError: the file is not whole; the message is the reader's.
    """
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    records = java_class(spark, "org.apache.avro.generic.GenericDatumReader")()
    try:
        source = java_class(spark, "org.apache.avro.mapred.FsInput")(
            java_class(spark, "org.apache.hadoop.fs.Path")(path), settings
        )
        reader = java_class(spark, "org.apache.avro.file.DataFileReader").openReader(source, records)
    except Py4JJavaError as exc:
        raise ContractError(java_reason(exc)) from exc
    try:
        fields = {field.name(): field.schema().toString() for field in reader.getSchema().getFields()}
        rows = _walk_blocks(reader)
        if reader.previousSync() != source.length():
            message = f"cut off: the last whole block ends at byte {reader.previousSync()} of {source.length()}"
            raise ContractError(message)
        return Probe(fields, rows > 0)
    except Py4JJavaError as exc:
        raise ContractError(java_reason(exc)) from exc
    finally:
        reader.close()


def _walk_blocks(reader: Any) -> int:
    rows = 0
    while reader.hasNext():
        rows += reader.getBlockCount()
        reader.nextBlock()
    return rows


def java_reason(error: BaseException) -> str:
    """Return what the innermost Java error says, on one short line without places."""
    cause = getattr(error, "java_exception", None)
    if cause is None:
        return _one_line(str(error))
    while cause.getCause() is not None:
        cause = cause.getCause()
    return _one_line(f"{cause.getClass().getSimpleName()}: {cause.getMessage()}")


def _one_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    return first[:_MAX_REASON]


def _parquet_type(field: Any) -> str:
    if not field.isPrimitive():
        return "group"
    annotation = field.getLogicalTypeAnnotation()
    physical = field.asPrimitiveType().getPrimitiveTypeName().name()
    return f"{physical}:{annotation.toString()}" if annotation is not None else str(physical)
