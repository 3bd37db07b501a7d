"""Where a lakehouse lies: asked of `notebookutils`, the one seam between this product and the platform."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from fabric_ot.contracts import places
from fabric_ot.contracts.table import Layer
from fabric_ot.errors import PlatformError
from fabric_ot.lakehouse.tables import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LAYERS: dict[str, Layer] = {places.BRONZE_LAKEHOUSE: "bronze", places.SILVER_LAKEHOUSE: "silver"}
_HTTPS = re.compile(r"https://(?P<host>[^/]+)/(?P<workspace>[^/]+)/(?P<rest>.+)")


def open_lakehouse(spark: SparkSession, name: str, *, workspace_id: str | None = None) -> Lakehouse:
    """Return the lakehouse called `name` in a workspace (None or empty: the one the notebook runs in).

    Raises:
        PlatformError: no contract belongs to that name, no `notebookutils`, or it does not tell the paths.
    """
    if name not in _LAYERS:
        message = f"open_lakehouse: no layer belongs to {name!r}. Known: {', '.join(_LAYERS)}."
        raise PlatformError(message)
    found = _notebookutils().lakehouse.getWithProperties(name, workspace_id or "")
    properties = _member(found, "properties") or {}
    paths = [_member(properties, key) for key in ("oneLakeTablesPath", "oneLakeFilesPath")]
    if not all(paths):
        message = f"open_lakehouse: {name!r} tells no oneLakeTablesPath and oneLakeFilesPath, only {properties!r}."
        raise PlatformError(message)
    tables_path, files_path = (spark_path(str(path)) for path in paths)
    return Lakehouse(spark, name=name, layer=_LAYERS[name], tables_path=tables_path, files_path=files_path)


def spark_path(path: str) -> str:
    """Return a OneLake address as Spark opens it; any other path as it is.

    Example:
        >>> spark_path("https://onelake.dfs.fabric.microsoft.com/ws/item/Tables")
        'abfss://ws@onelake.dfs.fabric.microsoft.com/item/Tables'
        >>> spark_path("/data/Tables")
        '/data/Tables'
    """
    match = _HTTPS.fullmatch(path)
    return f"abfss://{match['workspace']}@{match['host']}/{match['rest']}" if match else path


def _notebookutils() -> Any:
    try:
        return importlib.import_module("notebookutils")
    except ImportError as exc:
        message = (
            "open_lakehouse: there is no notebookutils here.\n"
            "Hint: in Fabric it is there; on a desk, run the notebook with `fabric-ot run`."
        )
        raise PlatformError(message) from exc


def _member(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)
