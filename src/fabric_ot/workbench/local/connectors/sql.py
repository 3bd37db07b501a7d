"""Script, Lookup and stored-procedure activities, answered by the local Warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fabric_ot.errors import NotSupportedError, PipelineError
from fabric_ot.workbench.local.pipelines import ActivityCall, Connector
from fabric_ot.workbench.local.warehouse.warehouse import Warehouse

WarehouseOf = Callable[[str, str], Warehouse]
"""Finds an open Warehouse by workspace id and item id."""

_MAX_LOOKUP_ROWS = 5000
"""As in Fabric: a Lookup returns no more."""

_DATE_TYPES = ("datetime", "datetime2", "datetimeoffset")


def sql_connectors(warehouse_of: WarehouseOf) -> dict[str, Connector]:
    """Return the connectors of the three SQL activity types."""
    return {
        "Script": lambda call: _script(call, _target(call, call.linked_service, warehouse_of)),
        "SqlServerStoredProcedure": lambda call: _procedure(call, _target(call, call.linked_service, warehouse_of)),
        "Lookup": lambda call: _lookup(call, warehouse_of),
    }


def _target(call: ActivityCall, service: Mapping[str, Any] | None, warehouse_of: WarehouseOf) -> Warehouse:
    properties = (service or {}).get("properties", {})
    if properties.get("type") != "DataWarehouse":
        message = f"{call.activity.name!r}: only a DataWarehouse target runs here, found {properties.get('type')!r}"
        raise NotSupportedError(message)
    place = properties.get("typeProperties", {})
    missing = [key for key in ("artifactId", "workspaceId") if not place.get(key)]
    if missing:
        message = f"{call.activity.name!r}: the linked service lacks {', '.join(missing)}"
        raise PipelineError(message)
    return warehouse_of(str(place["workspaceId"]), str(place["artifactId"]))


def _script(call: ActivityCall, warehouse: Warehouse) -> dict[str, Any]:
    result_sets: list[dict[str, Any]] = []
    changed = 0
    for script in call.properties["scripts"]:
        done = warehouse.script(str(script["text"]), _parameters(script.get("parameters", ())))
        result_sets += [_result_set(rows) for rows in done.result_sets]
        changed += done.rowcount
    return {"resultSetCount": len(result_sets), "resultSets": result_sets, "recordsAffected": changed}


def _parameters(declared: Any) -> dict[str, Any]:
    wrong = [p["name"] for p in declared if p.get("direction", "Input") != "Input"]
    if wrong:
        message = f"script parameters that return values are not supported: {', '.join(wrong)}"
        raise NotSupportedError(message)
    return {parameter["name"]: typed(parameter.get("value"), parameter.get("type", "")) for parameter in declared}


def _procedure(call: ActivityCall, warehouse: Warehouse) -> dict[str, Any]:
    given = call.properties.get("storedProcedureParameters") or {}
    values = {name: typed(spec.get("value"), spec.get("type", "")) for name, spec in given.items()}
    done = warehouse.execute_procedure(str(call.properties["storedProcedureName"]), values)
    return {"returnCode": done.return_code, "recordsAffected": done.rowcount, "messages": list(done.messages)}


def _lookup(call: ActivityCall, warehouse_of: WarehouseOf) -> dict[str, Any]:
    settings = call.properties.get("datasetSettings") or {}
    warehouse = _target(call, settings.get("linkedService"), warehouse_of)
    query = (call.properties.get("source") or {}).get("sqlReaderQuery")
    if not query:
        message = f"{call.activity.name!r}: only a Lookup with a query (sqlReaderQuery) runs here"
        raise NotSupportedError(message)
    rows = [as_json_row(row) for row in warehouse.query(str(query))]
    if call.properties.get("firstRowOnly", True):
        return {"firstRow": rows[0]} if rows else {}
    if len(rows) > _MAX_LOOKUP_ROWS:
        message = f"{call.activity.name!r}: a Lookup returns at most {_MAX_LOOKUP_ROWS} rows, found {len(rows)}"
        raise PipelineError(message)
    return {"count": len(rows), "value": rows}


def _result_set(rows: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {"rowCount": len(rows), "rows": [as_json_row(row) for row in rows]}


def as_json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as activity output carries it: instants and dates as ISO text, decimals as numbers.

    Example:
        >>> as_json_row({"d": dt.date(2026, 3, 28), "n": Decimal("1.50")})
        {'d': '2026-03-28', 'n': 1.5}
    """
    return {name: _as_json(value) for name, value in row.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def typed(value: Any, type_name: str) -> Any:
    """Return an activity's parameter value as its declared type; text stays text where none is declared.

    Raises:
        PipelineError: the value cannot be read as that type.

    Example:
        >>> typed("2026-03-28T00:00:00Z", "DateTime")
        datetime.datetime(2026, 3, 28, 0, 0, tzinfo=datetime.timezone.utc)
    """
    kind = type_name.lower()
    try:
        if value is None or kind in ("", "string", "guid"):
            return value
        if kind in _DATE_TYPES:
            return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        if kind.startswith("int"):
            return int(value)
        if kind in ("decimal", "double", "single"):
            return Decimal(str(value)) if kind == "decimal" else float(value)
        if kind == "boolean":
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
    except (ValueError, KeyError, ArithmeticError) as exc:
        message = f"the parameter value {value!r} cannot be read as {type_name}"
        raise PipelineError(message) from exc
    message = f"the parameter type {type_name!r} is not supported"
    raise NotSupportedError(message)
