"""T-SQL statements as SQL of the local engine: every construct is rewritten to the server's meaning or refused by name.

Known differences that are not caught: GROUP BY, DISTINCT and set operations tell apart strings that differ only in
trailing blanks (comparisons do not); a float overflow inside an expression is seen when its result is stored or
returned; CAST to varchar(n) cuts after n characters, not bytes.
"""

from fabric_ot.workbench.local.warehouse.translate import (
    aggregates,
    arithmetic,
    choices,
    comparisons,
    conversions,
    date_functions,
    number_functions,
    text_functions,
)
from fabric_ot.workbench.local.warehouse.translate.expressions import condition, value
from fabric_ot.workbench.local.warehouse.translate.parsing import parse_condition, parse_expression, parse_statement
from fabric_ot.workbench.local.warehouse.translate.queries import compile_query

TRANSLATIONS = (
    aggregates,
    arithmetic,
    choices,
    comparisons,
    conversions,
    date_functions,
    number_functions,
    text_functions,
)
"""The modules that register what they translate; naming them here loads them."""

__all__ = [
    "TRANSLATIONS",
    "compile_query",
    "condition",
    "parse_condition",
    "parse_expression",
    "parse_statement",
    "value",
]
