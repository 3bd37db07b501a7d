"""CREATE TABLE read into columns, and the constraints that Fabric takes without enforcing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.tsql_tokens import Token, tokenize

_FABRIC_HAS_NOT = ("IDENTITY", "DEFAULT", "CONSTRAINT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "COLLATE", "AS")


@dataclass(frozen=True)
class TableColumn:
    """One column of a Warehouse table: its T-SQL type in lower case, as `varchar(50)`."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class TableDefinition:
    """One CREATE TABLE: `schema` is '' where the text names none."""

    schema: str
    name: str
    columns: tuple[TableColumn, ...]


class Cursor:
    """A position in a token list, for the small parsers of definitions."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        """Stand before the first of `tokens`."""
        self.tokens = tuple(tokens)
        self.index = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """Return the token `ahead` of the position, None behind the end."""
        where = self.index + ahead
        return self.tokens[where] if where < len(self.tokens) else None

    def word(self, ahead: int = 0) -> str:
        """Return the keyword or operator `ahead`, '' where there is none."""
        token = self.peek(ahead)
        return token.word if token else ""

    def take(self) -> Token:
        """Return the token at the position and step over it."""
        token = self.peek()
        if token is None:
            message = f"line {self.line}: the text ends too early."
            raise ItemError(message)
        self.index += 1
        return token

    def accept(self, *words: str) -> bool:
        """Step over `words` if exactly they come next."""
        if all(self.word(i) == word for i, word in enumerate(words)):
            self.index += len(words)
            return True
        return False

    def expect(self, word: str) -> Token:
        """Step over `word`, which has to come next."""
        token = self.peek()
        if token is None or token.word != word:
            message = f"line {self.line}: expected {word}, found {token.text if token else 'the end'!r}."
            raise ItemError(message)
        return self.take()

    @property
    def line(self) -> int:
        """The line of the position, or of the last token behind the end."""
        token = self.peek() or (self.tokens[-1] if self.tokens else None)
        return token.line if token else 1

    def name(self) -> str:
        """Step over one identifier and return it without quotes."""
        token = self.take()
        if token.name is None:
            message = f"line {token.line}: expected a name, found {token.text!r}."
            raise ItemError(message)
        return token.name

    def dotted_name(self) -> tuple[str, ...]:
        """Step over `a.b.c` and return its parts."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return tuple(parts)

    def type_text(self) -> str:
        """Step over a type and return it in lower case without spaces, as `decimal(10,2)`."""
        text = self.name().lower()
        if self.accept("("):
            arguments = []
            while not self.accept(")"):
                arguments.append(self.take().text.lower())
            text += f"({''.join(arguments)})"
        return text


def parse_create_table(sql: str) -> TableDefinition:
    """Read one CREATE TABLE statement; `ALTER TABLE ... NOT ENFORCED` statements may follow it.

    Raises:
        ItemError: the text is something else, or uses what a Fabric Warehouse has not; the message has the line.

    Example:
        >>> parse_create_table("CREATE TABLE [dim].[shift] ([shift_key] int NOT NULL);").columns
        (TableColumn(name='shift_key', type='int', nullable=False),)
    """
    cursor = Cursor(tokenize(sql))
    cursor.expect("CREATE")
    cursor.expect("TABLE")
    parts = cursor.dotted_name()
    columns = parse_columns(cursor)
    _parse_constraints(cursor)
    return TableDefinition(parts[-2] if len(parts) > 1 else "", parts[-1], columns)


def parse_columns(cursor: Cursor) -> tuple[TableColumn, ...]:
    """Read `( name type [NULL | NOT NULL], ... )` at the cursor."""
    cursor.expect("(")
    columns = [_parse_column(cursor)]
    while cursor.accept(","):
        columns.append(_parse_column(cursor))
    cursor.expect(")")
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"line {cursor.line}: column(s) {twice} are named twice."
        raise ItemError(message)
    return tuple(columns)


def _parse_column(cursor: Cursor) -> TableColumn:
    _refuse_constraint(cursor)
    name, type_ = cursor.name(), cursor.type_text()
    nullable = True
    if cursor.accept("NOT", "NULL"):
        nullable = False
    else:
        cursor.accept("NULL")
    _refuse_constraint(cursor)
    return TableColumn(name, type_, nullable)


def _refuse_constraint(cursor: Cursor) -> None:
    if cursor.word() in _FABRIC_HAS_NOT:
        message = (
            f"line {cursor.line}: {cursor.word()} is not accepted in a column list. "
            "Hint: write keys as ALTER TABLE ... ADD CONSTRAINT ... NOT ENFORCED; allocate keys in the procedure."
        )
        raise ItemError(message)


def _parse_constraints(cursor: Cursor) -> None:
    while cursor.peek():
        if cursor.accept(";") or cursor.accept("GO"):
            continue
        line = cursor.line
        cursor.expect("ALTER")
        words = []
        while cursor.peek() and cursor.word() not in (";", "GO"):
            words.append(cursor.take().word)
        if "ADD" not in words or words[-2:] != ["NOT", "ENFORCED"]:
            message = f"line {line}: only ALTER TABLE ... ADD CONSTRAINT ... NOT ENFORCED may follow CREATE TABLE."
            raise ItemError(message)
