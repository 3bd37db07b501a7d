"""One Spark session with Delta, as a Fabric runtime pairs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fabric_ot.workbench.local.spark.jars import ensure_jars
from fabric_ot.workbench.local.spark.java import java_home
from fabric_ot.workbench.local.spark.runtimes import runtime_of_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Purpose = Literal["tests", "run", "volume"]

_ALWAYS: dict[str, str] = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.python.daemon.module": "fabric_ot.workbench.local.spark.worker_daemon",
    # Every step here is many small queries, and these are paid per query: the place of each column expression in
    # the Python source, and a second look at every rewritten plan.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.lightweightPlanChangeValidation": "false",
    # Statistics for skipping files cost a quarter of each small write, and here no table has files to skip.
    "spark.databricks.delta.stats.collect": "false",
    # A take looks into one partition first, then into the others: here there are two, and a job costs more than both.
    "spark.sql.limit.initialNumPartitions": "2",
    # Written code is kept for a hundred projections only, and the same tables are read again in every step.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # The history of queries, kept for a web page that nobody opens, holds their plans and fills the heap.
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.ui.retainedTasks": "100",
    "spark.sql.ui.retainedExecutions": "10",
}

# The first compiler alone gets 48 MB for its code by default. Spark's planner fills that in two minutes, and from then
# on what was compiled is thrown away and compiled again. A heap and a room for classes that begin small are collected a
# hundred times, some of them whole, before they have grown.
_SHORT_WORK = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m -XX:+UseSerialGC -Xms1g -Xmn512m -XX:MetaspaceSize=512m "
    "-Duser.timezone=UTC"
)

# With a handful of rows, writing and compiling code costs far more than running it uncompiled: neither whole stages
# are compiled nor the projections that every task makes anew.
_UNCOMPILED: dict[str, str] = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

# Short work dies of JIT and task overhead; volume wants the second compiler and more, smaller tasks.
_BY_PURPOSE: dict[str, dict[str, str]] = {
    "tests": {
        **_UNCOMPILED,
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": _SHORT_WORK,
        "spark.driver.memory": "4g",
    },
    "run": {
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": _SHORT_WORK,
        "spark.driver.memory": "4g",
    },
    "volume": {
        "spark.databricks.delta.stats.collect": "true",
        "spark.sql.shuffle.partitions": "8",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.driver.memory": "8g",
        "spark.sql.files.maxPartitionBytes": "64m",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
    },
}


# Spark's start-up notices would drown what the person ran the command for; errors still reach stderr.
_QUIET_LOG = """rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""


def start_spark(
    work_folder: Path, *, purpose: Purpose = "run", settings: Mapping[str, str] | None = None
) -> SparkSession:
    """Start (or return) the process's Spark session; its scratch files stay in `work_folder`.

    Raises:
        NotSupportedError: the installed PySpark belongs to no Fabric runtime.
        MissingDependencyError: no Java.
        PlatformError: the Delta jars cannot be had.
    """
    import pyspark
    from pyspark.sql import SparkSession

    runtime = runtime_of_spark(pyspark.__version__)
    os.environ["JAVA_HOME"] = str(java_home(runtime))
    # Python workers must be this very interpreter, or they lack the packages that the driver has.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    jars = ensure_jars(runtime)
    work_folder.mkdir(parents=True, exist_ok=True)
    places = {
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.sql.warehouse.dir": str(work_folder / "spark-warehouse"),
        "spark.local.dir": str(work_folder / "spark-local"),
    }
    builder = SparkSession.builder.appName("fabric_ot").master("local[2]" if purpose != "volume" else "local[*]")
    options = {**_ALWAYS, **_BY_PURPOSE[purpose], **places, **(settings or {})}
    options["spark.driver.extraJavaOptions"] += f" -Dlog4j2.configurationFile=file:{_quiet_log(work_folder)}"
    for key, value in options.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _quiet_log(folder: Path) -> Path:
    path = folder.resolve() / "log4j2.properties"
    path.write_text(_QUIET_LOG)
    return path
