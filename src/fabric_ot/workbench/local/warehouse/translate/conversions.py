"""CAST, CONVERT and implicit conversions, where the engine's own casts mean something else.

The server cuts where the engine rounds (float and decimal to int), refuses where the engine guesses ('1.5' as int),
and prints differently (bit, datetime2).
"""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError, raising
from fabric_ot.workbench.local.warehouse.sql_types import DATETIME2, INT, SqlType, parse_type, text_type
from fabric_ot.workbench.local.warehouse.translate.expressions import translates, value
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, refused

DEFAULT_TEXT_LENGTH = 30
_STYLES = {23: "%Y-%m-%d", 112: "%Y%m%d", 120: "%Y-%m-%d %H:%M:%S", 108: "%H:%M:%S"}
_DATE = r"^\s*(\d{4}-\d{2}-\d{2})([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?Z?)?\s*$"
_INSTANT = r"^\s*(\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?)0?Z?\s*$"
_COMPACT = r"regexp_replace({}, '^(\d{{4}})(\d{{2}})(\d{{2}})$', '\1-\2-\3')"
_NUMBER_TEXT = {"integer": "0-9+ -", "decimal": "0-9+. -", "float": "0-9eE+. -"}
_DIGITS = {"bit": 1, "smallint": 6, "int": 11, "bigint": 20}


def convert(source: Typed, target: SqlType, *, attempt: bool = False) -> Typed:
    """Return `source` as `target`; `attempt` gives NULL where the conversion fails, as TRY_CAST.

    Raises:
        TsqlError: the server has no such conversion (529).
        NotSupportedError: the two would print or round differently here.
    """
    cast_ = "TRY_CAST" if attempt else "CAST"
    if source.type.family == "null":
        return Typed(f"CAST(NULL AS {target.engine})", target)
    if target.family == "text":
        return _to_text(source, target)
    if source.type.family == "text":
        return Typed(_from_text(source.sql, target, cast_), target)
    if source.type.is_instant or target.is_instant:
        return _between_instants(source, target)
    if source.type == target:
        return source
    sql = source.sql
    if target.family == "bit":
        return Typed(f"({sql} <> 0)", target)
    if target.family == "integer" and source.type.family in ("float", "decimal"):
        sql = f"trunc({sql})"
    return Typed(f"{cast_}({sql} AS {target.engine})", target)


def _from_text(sql: str, target: SqlType, cast_: str) -> str:
    if target.family in _NUMBER_TEXT:
        # Any other character becomes one that no number has: the engine would read '1.5' as an int, 'inf' as a float.
        return f"{cast_}(regexp_replace({sql}, '[^{_NUMBER_TEXT[target.family]}]', 'x') AS {target.engine})"
    if target.family == "bit":
        fail = "NULL" if cast_ == "TRY_CAST" else raising(245, "Conversion failed when converting varchar to bit.")
        whens = "WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE"
        return f"CASE lower({sql}) {whens} ELSE {fail} END"
    pattern = _DATE if target.family == "date" else _INSTANT
    compact = _COMPACT.format(sql)
    casted = f"{cast_}(regexp_extract({compact}, '{pattern}', 1) AS {target.engine})"
    return rounded_instant(casted, target) if target.family == "timestamp" else casted


def _between_instants(source: Typed, target: SqlType) -> Typed:
    if not (source.type.is_instant and target.is_instant):
        message = f"Explicit conversion from {source.type} to {target} is not allowed."
        raise TsqlError(529, message, hint="use DATEDIFF, DATEADD or DATEFROMPARTS.")
    sql = source.sql if source.type.family == target.family else f"CAST({source.sql} AS {target.engine})"
    cut = target.family == "timestamp" and source.type.family == "timestamp" and target.scale < source.type.scale
    return Typed(rounded_instant(sql, target) if cut else sql, target)


def rounded_instant(sql: str, target: SqlType) -> str:
    """Round an instant to the type's fraction of a second."""
    if target.scale == 6:
        return sql
    unit = 10 ** (6 - target.scale)
    return f"make_timestamp(CAST(floor((epoch_us({sql}) + {unit // 2}) / {unit}) AS BIGINT) * {unit})"


def _to_text(source: Typed, target: SqlType) -> Typed:
    if source.type.family == "text":
        if target.length is None or (source.type.length is not None and source.type.length <= target.length):
            return Typed(source.sql, target, source.text)
        return Typed(f"left({source.sql}, {target.length})", target)
    text = plain_text(source)
    if target.length is not None and target.length < _printed_length(source.type):
        raise refused(what=f"{source.type} as {target}", hint="the text may not fit; give varchar more characters.")
    return Typed(text.sql, target)


def plain_text(source: Typed) -> Typed:
    """Return a number or an instant as the server prints it.

    Raises:
        NotSupportedError: float, which the server prints with six digits only.
    """
    length = _printed_length(source.type)
    if source.type.family == "text":
        return source
    if source.type.family == "float":
        raise refused("float as text", "the server prints six digits only; CAST to decimal(p,s) first.")
    sql = source.sql
    if source.type.family == "bit":
        sql = f"CAST({sql} AS INTEGER)"
    if source.type.family == "timestamp":
        fraction = f", 1, {20 + source.type.scale if source.type.scale else 19})"
        return Typed(f"substring(strftime({sql}, '%Y-%m-%d %H:%M:%S.%f'){fraction}", text_type(length))
    return Typed(f"CAST({sql} AS VARCHAR)", text_type(length))


def _printed_length(type_: SqlType) -> int:
    if type_.family == "decimal":
        return type_.precision + 2
    return {"date": 10, "timestamp": 27, "float": 30, "null": 1}.get(type_.family) or _DIGITS.get(type_.name, 8000)


@translates(exp.Cast, exp.TryCast, parts=("this", "to", "safe"))
def _cast(node: exp.Expr, scope: Scope) -> Typed:
    target = _target(cast("exp.DataType", node.args["to"]))
    return convert(value(node.this, scope), target, attempt=isinstance(node, exp.TryCast))


@translates(exp.Convert, parts=("this", "expression", "style", "safe"))
def _convert(node: exp.Expr, scope: Scope) -> Typed:
    target = _target(cast("exp.DataType", node.this))
    source = value(node.args["expression"], scope)
    style = node.args.get("style")
    if style is None:
        return convert(source, target, attempt=bool(node.args.get("safe")))
    number = int(style.name) if isinstance(style, exp.Literal) and style.name.isdigit() else -1
    if number not in _STYLES or not source.type.is_instant or target.family != "text":
        raise refused(
            what=f"CONVERT with style {style.sql('tsql')} from {source.type} to {target}",
            hint="styles: 23, 108, 112, 120.",
        )
    sql = f"strftime({convert(source, DATETIME2).sql}, '{_STYLES[number]}')"
    return convert(Typed(sql, text_type(19)), target)


def _target(type_: exp.DataType) -> SqlType:
    text = type_.sql("tsql").lower()
    if type_.this == exp.DataType.Type.FLOAT:
        return parse_type("float")
    if text in ("varchar", "nvarchar"):
        return text_type(DEFAULT_TEXT_LENGTH)
    return parse_type(text)


def as_int(source: Typed) -> Typed:
    """Return a number as int, cut like the server cuts an argument."""
    return convert(source, INT)
