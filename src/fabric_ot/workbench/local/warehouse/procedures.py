"""CREATE PROCEDURE read into a header and a body."""

from __future__ import annotations

import functools

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.local.warehouse.splitter import Splitter
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.statement_parts import read_parameters
from fabric_ot.workbench.local.warehouse.statements import Parameter, Procedure


@functools.lru_cache(maxsize=256)
def parse_procedure(sql: str) -> Procedure:
    """Read the text of one CREATE [OR ALTER] PROCEDURE.

    Raises:
        TsqlError: wrong syntax; the message has the line.
        NotSupportedError: a construct that is refused by name.

    Example:
        >>> parse_procedure("CREATE PROCEDURE etl.p (@n int = 3, @out int OUTPUT) AS SET @out = @n;").full_name
        'etl.p'
    """
    splitter = Splitter(sql)
    cursor = splitter.cursor
    try:
        cursor.expect("CREATE")
        cursor.accept("OR", "ALTER")
        if cursor.take().word not in ("PROC", "PROCEDURE"):
            raise splitter.wrong_syntax("expected PROCEDURE")
        name = cursor.dotted_name()
        opened = cursor.accept("(")
        parameters = read_parameters(cursor, splitter.fragment, opened=opened)
        if opened:
            cursor.expect(")")
        if cursor.word() in ("WITH", "FOR"):
            message = (
                f"line {cursor.line}: {cursor.word()} in a procedure's header is not supported. Hint: leave it out."
            )
            raise NotSupportedError(message)
        cursor.expect("AS")
    except ItemError as exc:
        raise TsqlError(102, str(exc)) from exc
    return Procedure(name[-2] if len(name) > 1 else "dbo", name[-1], parameters, splitter.body())


def parse_parameter_list(text: str) -> tuple[Parameter, ...]:
    """Read the declarations that sp_executesql takes: `@a int, @b int OUTPUT`."""
    splitter = Splitter(text)
    parameters = read_parameters(splitter.cursor, splitter.fragment, opened=False)
    if splitter.cursor.peek():
        raise splitter.wrong_syntax()
    return parameters
