"""`python -m fabric_ot.workbench.local.spark.prepare`: find Java, fetch the jars. Exit 3: no fitting Java."""

from __future__ import annotations

import os
import sys

from fabric_ot.errors import FabricOTError, MissingDependencyError
from fabric_ot.workbench.local.spark.jars import ensure_jars
from fabric_ot.workbench.local.spark.java import java_home
from fabric_ot.workbench.local.spark.runtimes import runtime_of_spark

NO_JAVA = 3


def main() -> int:
    """Prepare the installed PySpark's runtime; say what went wrong on stderr."""
    import pyspark

    try:
        runtime = runtime_of_spark(pyspark.__version__)
        home = java_home(runtime)
        ensure_jars(runtime, environment={**os.environ, "JAVA_HOME": str(home)})
    except MissingDependencyError as exc:
        sys.stderr.write(f"{exc}\n")
        return NO_JAVA
    except FabricOTError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
