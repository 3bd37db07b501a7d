"""T-SQL text cut into statements, with or without semicolons, by tokens: sqlglot sees single statements only."""

from __future__ import annotations

from collections.abc import Callable

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.items.tsql_table import Cursor, parse_columns
from fabric_ot.workbench.items.tsql_tokens import Token, tokenize
from fabric_ot.workbench.local.warehouse import statement_parts as parts
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.statement_ends import STARTS, end_of_condition, end_of_statement
from fabric_ot.workbench.local.warehouse.statements import (
    Block,
    CreateTable,
    ExecuteText,
    Fragment,
    If,
    Jump,
    Leaf,
    Statement,
    Transaction,
    TryCatch,
    While,
)

_LEAVES = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "TRUNCATE", "DROP")
_TRANSACTION_WORDS = ("TRAN", "TRANSACTION", "WORK")
_REFUSED = {
    "MERGE": "MERGE is in preview in a Warehouse; write UPDATE, INSERT and DELETE.",
    "GOTO": "write WHILE, IF or RETURN.",
    "WAITFOR": "the pipeline has a Wait activity.",
    "OPEN": "cursors do not exist in a Warehouse; write set-based SQL.",
    "FETCH": "cursors do not exist in a Warehouse; write set-based SQL.",
    "CLOSE": "cursors do not exist in a Warehouse; write set-based SQL.",
    "DEALLOCATE": "cursors do not exist in a Warehouse; write set-based SQL.",
    "SAVE": "savepoints do not exist in a Warehouse.",
    "USE": "name the database in three-part names.",
    "COPY": "load files with a notebook or a Copy activity.",
    "ALTER": "change the object's file in the SQL project.",
    "GRANT": "rights are not kept locally.",
    "DENY": "rights are not kept locally.",
    "REVOKE": "rights are not kept locally.",
    "BULK": "load files with a notebook or a Copy activity.",
}


class Splitter:
    """Reads one token list into statements."""

    def __init__(self, sql: str, *, first_line: int = 1) -> None:
        """Tokenize `sql`, whose first line is `first_line` of the object."""
        self.sql = sql
        self.shift = first_line - 1
        try:
            self.cursor = Cursor(tokenize(sql))
        except ItemError as exc:
            raise TsqlError(105, str(exc)) from exc

    def body(self) -> Block:
        """Read everything from the position to the end."""
        line = self.line
        statements = self.until()
        if self.cursor.peek():
            raise self.wrong_syntax()
        return Block(line, "", statements)

    @property
    def line(self) -> int:
        """The line of the position in the object's text."""
        return self.cursor.line + self.shift

    def until(self, *stop: str) -> tuple[Statement, ...]:
        """Read statements up to one of the words `stop`, or the end."""
        found: list[Statement] = []
        while True:
            self.skip_semicolons()
            if self.cursor.peek() is None or self.cursor.word() in stop:
                return tuple(found)
            found.append(self.statement())

    def skip_semicolons(self) -> None:
        """Step over empty statements."""
        while self.cursor.accept(";"):
            pass

    def statement(self) -> Statement:
        """Read one statement at the position."""
        self.skip_semicolons()
        if self.cursor.peek() is None:
            raise self.wrong_syntax()
        word, line = self.cursor.word(), self.line
        structured = _STRUCTURED.get(word)
        if structured:
            return structured(self)
        if word in _REFUSED or (self.cursor.word(1) == ":" and self.cursor.word(2) != ":"):
            what = "a GOTO label" if self.cursor.word(1) == ":" else word
            message = f"line {line}: {what} is not supported. Hint: {_REFUSED.get(word, 'write WHILE or IF.')}"
            raise NotSupportedError(message)
        if word == "CREATE":
            return self.create()
        end = end_of_statement(self.cursor.tokens, self.cursor.index)
        tokens = self.cursor.tokens[self.cursor.index : end]
        if word in _LEAVES:
            self.cursor.index = end
            return Leaf(line, self.text_of(tokens))
        reader = parts.READERS.get(word)
        if reader is None:
            raise self.wrong_syntax()
        self.cursor.index = end
        return reader(tokens, self.fragment, line, self.text_of(tokens))

    def create(self) -> Statement:
        """Read CREATE TABLE with columns; anything else belongs into the SQL project."""
        line, start = self.line, self.cursor.index
        end = end_of_statement(self.cursor.tokens, start)
        text = self.text_of(self.cursor.tokens[start:end])
        if self.cursor.word(1) != "TABLE":
            what = f"CREATE {self.cursor.word(1)}"
            message = f"line {line}: {what} inside a batch is not supported. Hint: put it into the SQL project."
            raise NotSupportedError(message)
        cursor = Cursor(self.cursor.tokens[start + 2 : end])
        name = cursor.dotted_name()
        if cursor.word() != "(":
            message = f"line {line}: CREATE TABLE AS SELECT is not supported. Hint: write SELECT ... INTO #name."
            raise NotSupportedError(message)
        try:
            columns = parse_columns(cursor)
        except ItemError as exc:
            raise NotSupportedError(str(exc)) from exc
        if cursor.peek():
            raise self.wrong_syntax()
        self.cursor.index = end
        return CreateTable(line, text, name, columns)

    def begin(self) -> Statement:
        """Read what BEGIN starts: a transaction, TRY ... CATCH or a block."""
        line = self.line
        if self.cursor.word(1) in _TRANSACTION_WORDS:
            return self.transaction()
        if self.cursor.accept("BEGIN", "TRY"):
            body = Block(line, "", self.until("END"))
            self.expect_all("END", "TRY")
            self.skip_semicolons()
            handler_line = self.line
            self.expect_all("BEGIN", "CATCH")
            handler = Block(handler_line, "", self.until("END"))
            self.expect_all("END", "CATCH")
            return TryCatch(line, "BEGIN TRY", body, handler)
        self.cursor.take()
        statements = self.until("END")
        self.expect_all("END")
        if not statements:
            raise TsqlError(102, f"line {line}: BEGIN ... END holds no statement.")
        return Block(line, "", statements)

    def transaction(self) -> Statement:
        """Read BEGIN, COMMIT or ROLLBACK TRANSACTION."""
        line, kind = self.line, self.cursor.take().word.lower()
        if self.cursor.word() in _TRANSACTION_WORDS:
            self.cursor.take()
        token = self.cursor.peek()
        if token and token.name is not None and token.word not in STARTS:
            message = f"line {line}: a transaction with a name ({token.text}) is not supported. Hint: leave it out."
            raise NotSupportedError(message)
        return Transaction(line, f"{kind.upper()} TRANSACTION", kind)  # type: ignore[arg-type]

    def branch(self) -> Statement:
        """Read IF ... [ELSE ...]."""
        line, condition = self.line, self.condition()
        then = self.statement()
        after = self.cursor.index
        self.skip_semicolons()
        if self.cursor.accept("ELSE"):
            return If(line, f"IF {condition.text}", condition, then, self.statement())
        self.cursor.index = after
        return If(line, f"IF {condition.text}", condition, then, None)

    def loop(self) -> Statement:
        """Read WHILE."""
        line, condition = self.line, self.condition()
        return While(line, f"WHILE {condition.text}", condition, self.statement())

    def condition(self) -> Fragment:
        """Read the condition behind IF or WHILE."""
        self.cursor.take()
        end = end_of_condition(self.cursor.tokens, self.cursor.index)
        fragment = self.fragment(self.cursor.tokens[self.cursor.index : end])
        self.cursor.index = end
        return fragment

    def jump(self) -> Statement:
        """Read BREAK or CONTINUE."""
        line, word = self.line, self.cursor.take().word
        return Jump(line, word, "break" if word == "BREAK" else "continue")

    def execute(self) -> Statement:
        """Read EXEC (@sql) or EXEC procedure."""
        line, start = self.line, self.cursor.index
        if self.cursor.word(1) != "(":
            end = end_of_statement(self.cursor.tokens, start)
            tokens = self.cursor.tokens[start:end]
            self.cursor.index = end
            return parts.read_execute(tokens, self.fragment, line, self.text_of(tokens))
        end = end_of_statement(self.cursor.tokens, start)
        inner = self.cursor.tokens[start + 2 : end]
        self.cursor.index = end
        if not inner or inner[-1].word != ")":
            raise self.wrong_syntax()
        return ExecuteText(line, self.text_of(self.cursor.tokens[start:end]), self.fragment(inner[:-1]))

    def fragment(self, tokens: tuple[Token, ...]) -> Fragment:
        """Return the text that `tokens` span."""
        if not tokens:
            raise self.wrong_syntax()
        return Fragment(self.text_of(tokens), tokens[0].line + self.shift)

    def text_of(self, tokens: tuple[Token, ...]) -> str:
        """Return the source text from the first to the last of `tokens`."""
        return self.sql[tokens[0].start : tokens[-1].end] if tokens else ""

    def expect_all(self, *words: str) -> None:
        """Step over `words`, which have to come next."""
        for word in words:
            if not self.cursor.accept(word):
                raise self.wrong_syntax(detail=f"expected {word}")

    def wrong_syntax(self, detail: str = "") -> TsqlError:
        """Return the error for the token at the position."""
        token = self.cursor.peek()
        near = token.text if token else "the end"
        suffix = f" ({detail})" if detail else ""
        return TsqlError(102, f"line {self.line}: Incorrect syntax near '{near}'{suffix}.")


_STRUCTURED: dict[str, Callable[[Splitter], Statement]] = {
    "BEGIN": Splitter.begin,
    "COMMIT": Splitter.transaction,
    "ROLLBACK": Splitter.transaction,
    "IF": Splitter.branch,
    "WHILE": Splitter.loop,
    "BREAK": Splitter.jump,
    "CONTINUE": Splitter.jump,
    "EXEC": Splitter.execute,
    "EXECUTE": Splitter.execute,
}


def split(sql: str, *, first_line: int = 1) -> Block:
    """Read a batch into statements.

    Raises:
        TsqlError: wrong syntax (102), or something is not closed (105).
        NotSupportedError: a statement that a Warehouse has not, or that is not run locally; by name.

    Example:
        >>> [type(s).__name__ for s in split("DECLARE @a int = 1 IF @a = 1 PRINT 'x' ELSE SELECT 2").statements]
        ['Declare', 'If']
    """
    return Splitter(sql, first_line=first_line).body()
