"""The parent of Spark's Python workers, with PySpark as it is installed and not from Spark's archives.

Before each task a worker looks anew at all that it could import from, and of an archive it reads the list of files once
per package: a fifth of a second of CPU for every task of a Python function, however few its rows. Spark starts this
module by name (`spark.python.daemon.module`).
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping, MutableSequence
from typing import Any

_ARCHIVES = (".zip", ".jar")


def forget_archives(path: MutableSequence[str], importers: MutableMapping[str, Any]) -> None:
    """Take archives out of the places that Python imports from, and what it remembers of them.

    Example:
        >>> path, importers = ["lib/pyspark.zip", "site"], {"lib/pyspark.zip/pyspark/sql": None, "site": None}
        >>> forget_archives(path, importers)
        >>> path, list(importers)
        (['site'], ['site'])
    """
    archives = [entry for entry in path if entry.endswith(_ARCHIVES)]
    path[:] = [entry for entry in path if entry not in archives]
    for known in [place for place in importers if place.startswith(tuple(archives))]:
        del importers[known]


if __name__ == "__main__":
    forget_archives(sys.path, sys.path_importer_cache)
    from pyspark import daemon

    daemon.manager()
