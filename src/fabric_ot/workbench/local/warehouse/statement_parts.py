"""DECLARE, SET, EXEC, PRINT, RETURN, THROW, RAISERROR and procedure headers, read token by token."""

from __future__ import annotations

from collections.abc import Callable

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.items.tsql_table import Cursor, TableColumn, parse_columns
from fabric_ot.workbench.items.tsql_tokens import Token
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import parse_type
from fabric_ot.workbench.local.warehouse.statements import (
    Argument,
    Declare,
    DeclareTable,
    Execute,
    Fragment,
    Parameter,
    Print,
    Raiserror,
    Return,
    SetOption,
    SetVariable,
    Statement,
    Throw,
    Variable,
)

Tokens = tuple[Token, ...]
MakeFragment = Callable[[Tokens], Fragment]
_OPTIONS = ("NOCOUNT", "XACT_ABORT")
_OUTPUT = ("OUTPUT", "OUT")


def split_at_commas(tokens: Tokens) -> list[Tokens]:
    """Cut tokens at the commas outside parentheses; no tokens give no parts."""
    found: list[Tokens] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        depth += (token.word == "(") - (token.word == ")")
        if token.word == "," and depth == 0:
            found.append(tokens[start:index])
            start = index + 1
    return [*found, tokens[start:]] if tokens else []


def read_declare(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read DECLARE of scalars or of one table variable."""
    cursor = Cursor(tokens[1:])
    name = _variable(cursor, line)
    cursor.accept("AS")
    if cursor.accept("TABLE"):
        return DeclareTable(line, text, name, _table_columns(cursor, line))
    return Declare(line, text, tuple(_scalar(part, fragment, line) for part in split_at_commas(tokens[1:])))


def _table_columns(cursor: Cursor, line: int) -> tuple[TableColumn, ...]:
    try:
        columns = parse_columns(cursor)
    except ItemError as exc:
        raise NotSupportedError(str(exc)) from exc
    if cursor.peek():
        raise _syntax(cursor, line)
    return columns


def _scalar(tokens: Tokens, fragment: MakeFragment, line: int) -> Variable:
    cursor = Cursor(tokens)
    name = _variable(cursor, line)
    cursor.accept("AS")
    type_ = parse_type(cursor.type_text())
    value = None
    if cursor.accept("="):
        value = fragment(tokens[cursor.index :])
    elif cursor.peek():
        raise _syntax(cursor, line)
    return Variable(name, type_, value)


def _variable(cursor: Cursor, line: int) -> str:
    token = cursor.peek()
    if token is not None and cursor.word(1) == "CURSOR":
        message = (
            f"line {line}: DECLARE CURSOR is not supported: a Warehouse has no cursors. Hint: write set-based SQL."
        )
        raise NotSupportedError(message)
    if token is None or token.kind != "variable" or token.text.startswith("@@"):
        raise _syntax(cursor, line)
    return cursor.take().text.lower()


def read_set(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read SET @x = ... (or +=, ...), SET NOCOUNT ON, SET XACT_ABORT ON; other options are refused."""
    cursor = Cursor(tokens[1:])
    token = cursor.peek()
    if token is not None and token.kind == "variable":
        name, operator = cursor.take().text.lower(), cursor.take().text
        if operator not in ("=", "+=", "-=", "*=", "/=", "%="):
            raise _syntax(cursor, line)
        return SetVariable(line, text, name, operator[:-1], fragment(tokens[cursor.index + 1 :]))
    words = [t.word for t in tokens[1:]]
    if len(words) == 2 and words[0] in _OPTIONS and words[1] in ("ON", "OFF"):
        return SetOption(line, text, words[0], words[1] == "ON")
    message = f"line {line}: {' '.join(t.text for t in tokens)} is not supported. Supported: {', '.join(_OPTIONS)}."
    raise NotSupportedError(message)


def read_print(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read PRINT."""
    return Print(line, text, fragment(tokens[1:]))


def read_return(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read RETURN."""
    return Return(line, text, fragment(tokens[1:]) if len(tokens) > 1 else None)


def read_throw(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read THROW with three arguments or none."""
    arguments = tuple(fragment(_constant(part, line)) for part in split_at_commas(tokens[1:]))
    if len(arguments) not in (0, 3):
        raise TsqlError(102, f"line {line}: THROW takes a number, a message and a state, or nothing.")
    return Throw(line, text, arguments)


def read_raiserror(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read RAISERROR(message, severity, state, ...)."""
    if len(tokens) < 3 or tokens[1].word != "(" or tokens[-1].word != ")":
        message = f"line {line}: only RAISERROR(message, severity, state, ...) without WITH is supported."
        raise NotSupportedError(message)
    arguments = tuple(fragment(_constant(part, line)) for part in split_at_commas(tokens[2:-1]))
    if len(arguments) < 3:
        raise TsqlError(102, f"line {line}: RAISERROR takes a message, a severity and a state.")
    return Raiserror(line, text, arguments)


def read_execute(tokens: Tokens, fragment: MakeFragment, line: int, text: str) -> Statement:
    """Read EXEC [@code =] procedure [arguments]."""
    cursor = Cursor(tokens[1:])
    result = None
    first = cursor.peek()
    if first is not None and first.kind == "variable" and cursor.word(1) == "=":
        result = cursor.take().text.lower()
        cursor.take()
    name = cursor.dotted_name()
    rest = tokens[cursor.index + 1 :]
    arguments = tuple(_argument(part, fragment, line) for part in split_at_commas(rest))
    seen_name = False
    for argument in arguments:
        if seen_name and argument.name is None:
            raise TsqlError(119, f"line {line}: once an argument is given by name, all that follow must be.")
        seen_name = argument.name is not None
    return Execute(line, text, name, arguments, result)


def _argument(tokens: Tokens, fragment: MakeFragment, line: int) -> Argument:
    name = None
    if len(tokens) > 1 and tokens[0].kind == "variable" and tokens[1].word == "=":
        name, tokens = tokens[0].text.lower(), tokens[2:]
    is_output = bool(tokens) and tokens[-1].word in _OUTPUT
    if is_output:
        tokens = tokens[:-1]
    if [t.word for t in tokens] == ["DEFAULT"]:
        return Argument(name, None, is_output)
    _constant(tokens, line)
    if is_output and tokens[0].kind != "variable":
        raise TsqlError(179, f"line {line}: OUTPUT takes a variable, found {tokens[0].text}.")
    return Argument(name, fragment(tokens), is_output)


def _constant(tokens: Tokens, line: int) -> Tokens:
    """Return `tokens` if they are one constant or one variable, which is all that EXEC, THROW and RAISERROR take."""
    signed = len(tokens) == 2 and tokens[0].word in ("-", "+") and tokens[1].kind == "number"
    if len(tokens) == 1 or signed:
        return tokens
    near = " ".join(t.text for t in tokens) or "the end"
    hint = "only constants and variables stand here; SET a variable first."
    raise TsqlError(102, f"line {line}: Incorrect syntax near '{near}'.", hint=hint)


def read_parameters(cursor: Cursor, fragment: MakeFragment, *, opened: bool) -> tuple[Parameter, ...]:
    """Read parameter declarations up to the word that ends them (AS, WITH, or `)` where `opened`)."""
    found: list[Parameter] = []
    while cursor.peek() and not (cursor.word() in ("AS", "WITH", "FOR") or (opened and cursor.word() == ")")):
        found.append(_parameter(cursor, fragment))
        if not cursor.accept(","):
            break
    return tuple(found)


def _parameter(cursor: Cursor, fragment: MakeFragment) -> Parameter:
    line = cursor.line
    name = _variable(cursor, line)
    cursor.accept("AS")
    type_text = cursor.type_text()
    if cursor.word() == "READONLY":
        message = f"line {line}: table-valued parameter {name} is not supported. Hint: write to a table."
        raise NotSupportedError(message)
    type_ = parse_type(type_text)
    cursor.accept("NULL")
    default = None
    if cursor.accept("="):
        start = cursor.index
        if cursor.word() in ("-", "+"):
            cursor.take()
        cursor.take()
        default = fragment(tuple(cursor.tokens[start : cursor.index]))
    is_output = any([cursor.accept("OUTPUT"), cursor.accept("OUT")])
    return Parameter(name, type_, default, is_output)


def _syntax(cursor: Cursor, line: int) -> TsqlError:
    token = cursor.peek()
    return TsqlError(102, f"line {line}: Incorrect syntax near '{token.text if token else 'the end'}'.")


READERS: dict[str, Callable[[Tokens, MakeFragment, int, str], Statement]] = {
    "DECLARE": read_declare,
    "SET": read_set,
    "PRINT": read_print,
    "RETURN": read_return,
    "THROW": read_throw,
    "RAISERROR": read_raiserror,
}
