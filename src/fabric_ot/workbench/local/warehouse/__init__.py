"""A Fabric Warehouse on one machine: T-SQL interpreted, run on DuckDB, published as Delta."""

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.warehouse import ProcedureResult, Warehouse

__all__ = ["ProcedureResult", "TsqlError", "Warehouse"]
