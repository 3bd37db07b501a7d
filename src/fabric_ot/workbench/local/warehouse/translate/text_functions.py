"""String functions: lengths without trailing blanks, positions from 1, only blanks trimmed."""

from __future__ import annotations

from fabric_ot.workbench.local.warehouse.sql_errors import raising
from fabric_ot.workbench.local.warehouse.sql_types import INT, text_type
from fabric_ot.workbench.local.warehouse.translate.functions import Call, scalar
from fabric_ot.workbench.local.warehouse.translate.scope import Typed

_LONGEST = text_type(8000)
_NEGATIVE = raising(537, "Invalid length parameter passed to a string function.")


def _length_of(call: Call) -> int | None:
    return call.value(0).type.length if call.value(0).type.family == "text" else 8000


def _same_length(call: Call, sql: str) -> Typed:
    return Typed(sql, text_type(_length_of(call)))


@scalar("LEN")
def _len(call: Call) -> Typed:
    call.takes(1)
    return Typed(f"CAST(length(rtrim({call.text(0)}, ' ')) AS INTEGER)", INT)


@scalar("DATALENGTH")
def _datalength(call: Call) -> Typed:
    call.takes(1)
    return Typed(f"CAST(strlen({call.text(0)}) AS INTEGER)", INT)


@scalar("UPPER", "LOWER")
def _case(call: Call) -> Typed:
    call.takes(1)
    return _same_length(call, f"{call.name.lower()}({call.text(0)})")


@scalar("TRIM", "LTRIM", "RTRIM")
def _trim(call: Call) -> Typed:
    call.takes(1)
    return _same_length(call, f"{call.name.lower()}({call.text(0)}, ' ')")


@scalar("LEFT", "RIGHT")
def _side(call: Call) -> Typed:
    call.takes(2)
    count = call.number(1, INT)
    cut = f"{call.name.lower()}({call.text(0)}, {count})"
    return _same_length(call, f"CASE WHEN {count} < 0 THEN {_NEGATIVE} ELSE {cut} END")


@scalar("SUBSTRING")
def _substring(call: Call) -> Typed:
    call.takes(3)
    start, count = call.number(1, INT), call.number(2, INT)
    # A start before the first character uses up length; the engine would count from the end.
    end = f"CAST({start} AS BIGINT) + {count}"
    cut = f"substring({call.text(0)}, greatest({start}, 1), greatest({end} - greatest({start}, 1), 0))"
    return _same_length(call, f"CASE WHEN {count} < 0 THEN {_NEGATIVE} ELSE {cut} END")


@scalar("CHARINDEX")
def _charindex(call: Call) -> Typed:
    call.takes(2, 3)
    sought, text = call.text(0), call.text(1)
    if len(call.arguments) == 2:
        return Typed(f"CAST(CASE WHEN {sought} = '' THEN 0 ELSE strpos({text}, {sought}) END AS INTEGER)", INT)
    start = f"greatest({call.number(2, INT)}, 1)"
    found = f"strpos(substring({text}, {start}), {sought})"
    sql = f"CASE WHEN {sought} = '' OR {found} = 0 THEN 0 ELSE {found} + {start} - 1 END"
    return Typed(f"CAST(CASE WHEN {text} IS NULL OR {sought} IS NULL THEN NULL ELSE {sql} END AS INTEGER)", INT)


@scalar("REPLACE")
def _replace(call: Call) -> Typed:
    call.takes(3)
    text, sought, new = (call.text(i) for i in range(3))
    return Typed(f"CASE WHEN {sought} = '' THEN {text} ELSE replace({text}, {sought}, {new}) END", _LONGEST)


@scalar("STUFF")
def _stuff(call: Call) -> Typed:
    call.takes(4)
    text, start, count = call.text(0), call.number(1, INT), call.number(2, INT)
    new = f"coalesce({call.text(3)}, '')"
    cut = f"substring({text}, 1, {start} - 1) || {new} || substring({text}, {start} + {count})"
    outside = f"{start} < 1 OR {count} < 0 OR {start} > length({text})"
    return Typed(f"CASE WHEN {outside} THEN NULL ELSE {cut} END", _LONGEST)


@scalar("REPLICATE")
def _replicate(call: Call) -> Typed:
    call.takes(2)
    count = call.number(1, INT)
    return Typed(f"CASE WHEN {count} < 0 THEN NULL ELSE repeat({call.text(0)}, {count}) END", _LONGEST)


@scalar("SPACE")
def _space(call: Call) -> Typed:
    call.takes(1)
    count = call.number(0, INT)
    return Typed(f"CASE WHEN {count} < 0 THEN NULL ELSE repeat(' ', {count}) END", _LONGEST)


@scalar("REVERSE")
def _reverse(call: Call) -> Typed:
    call.takes(1)
    return _same_length(call, f"reverse({call.text(0)})")


@scalar("CONCAT")
def _concat(call: Call) -> Typed:
    call.takes(2, 254)
    return Typed("(" + " || ".join(f"coalesce({call.text(i)}, '')" for i in range(len(call.arguments))) + ")", _LONGEST)


@scalar("CONCAT_WS")
def _concat_ws(call: Call) -> Typed:
    call.takes(3, 254)
    separator, *texts = (call.text(i) for i in range(len(call.arguments)))
    return Typed(f"concat_ws(coalesce({separator}, ''), {', '.join(texts)})", _LONGEST)


@scalar("QUOTENAME")
def _quotename(call: Call) -> Typed:
    call.takes(1)
    text = call.text(0)
    return Typed(
        f"CASE WHEN length({text}) > 128 THEN NULL ELSE '[' || replace({text}, ']', ']]') || ']' END", text_type(258)
    )
