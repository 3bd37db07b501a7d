"""The procedural part of T-SQL: one method per kind of statement."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.local.warehouse import statements as st
from fabric_ot.workbench.local.warehouse.leaves import Leaves
from fabric_ot.workbench.local.warehouse.session import Held, Session
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import INT, SqlType, text_type
from fabric_ot.workbench.local.warehouse.transactions import Transactions
from fabric_ot.workbench.local.warehouse.translate import condition, parse_condition, parse_expression, value
from fabric_ot.workbench.local.warehouse.translate.arithmetic import operation
from fabric_ot.workbench.local.warehouse.translate.conversions import convert, plain_text
from fabric_ot.workbench.local.warehouse.translate.expressions import bound
from fabric_ot.workbench.local.warehouse.translate.scope import Scope, Typed, refused

MESSAGE = text_type(None)


class ReturnSignal(Exception):  # noqa: N818 - control flow, not an error
    """RETURN; `code` is the return code."""

    def __init__(self, code: int) -> None:
        """Carry the return code."""
        super().__init__(code)
        self.code = code


class JumpSignal(Exception):  # noqa: N818 - control flow, not an error
    """BREAK or CONTINUE."""

    def __init__(self, kind: str) -> None:
        """Carry which of the two."""
        super().__init__(kind)
        self.kind = kind


class Interpreter:
    """Runs the statements of one session."""

    def __init__(self, session: Session) -> None:
        """Run for one session."""
        from fabric_ot.workbench.local.warehouse.calls import Calls  # a call runs a body, a body runs calls

        self.session = session
        self.transactions = Transactions(session)
        self.leaves = Leaves(session, self.transactions)
        self.calls = Calls(self)

    def run(self, statement: st.Statement) -> None:
        """Run one statement; an error leaves it with procedure, line and text."""
        handler = _HANDLERS[type(statement)]
        try:
            handler(self, statement)
        except TsqlError as error:
            self.session.last_error = error.number
            error.place(procedure=self.session.frame.procedure, line=statement.line, statement=statement.text)
            raise
        except ItemError as error:
            wrapped = TsqlError(105, str(error))
            place = {"procedure": self.session.frame.procedure, "line": statement.line, "statement": statement.text}
            raise wrapped.place(**place) from error  # type: ignore[arg-type]
        except NotSupportedError as error:
            if getattr(error, "is_placed", False):
                raise
            raise _placed(error, self.session.frame.procedure, statement.line) from error
        if not isinstance(statement, (st.Block, st.TryCatch, st.If, st.While)):
            self.session.last_error = 0

    def evaluate(self, fragment: st.Fragment, type_: SqlType | None = None) -> Any:
        """Return the value of an expression, as `type_` where one is given."""
        return self._scalar(lambda scope: value(parse_expression(fragment.text), scope), type_)

    def _scalar(self, translate: Callable[[Scope], Typed], type_: SqlType | None) -> Any:
        self.session.touched_tables = False
        typed = translate(Scope(self.session))
        sql = (convert(typed, type_) if type_ is not None else typed).sql
        return self._first(f"SELECT {sql}")

    def _first(self, sql: str) -> Any:
        engine = self.session.engine
        rows = engine.execute(sql) if self.session.touched_tables else engine.calculate(sql)
        return rows[0][0]

    def holds(self, fragment: st.Fragment) -> bool:
        """Say whether a condition is true; unknown is not."""
        self.session.touched_tables = False
        sql = condition(parse_condition(fragment.text), Scope(self.session))
        found = bool(self._first(f"SELECT CASE WHEN {sql} THEN 1 ELSE 0 END"))
        self.session.rowcount = 0
        self.session.last_error = 0
        return found

    def block(self, statement: st.Block) -> None:
        """Run statements in order."""
        for inner in statement.statements:
            self.run(inner)

    def branch(self, statement: st.If) -> None:
        """Run IF."""
        if self.holds(statement.condition):
            self.run(statement.then)
        elif statement.otherwise is not None:
            self.run(statement.otherwise)

    def loop(self, statement: st.While) -> None:
        """Run WHILE."""
        while self.holds(statement.condition):
            try:
                self.run(statement.body)
            except JumpSignal as jump:
                if jump.kind == "break":
                    return

    def jump(self, statement: st.Jump) -> None:
        """Run BREAK or CONTINUE."""
        raise JumpSignal(statement.kind)

    def try_catch(self, statement: st.TryCatch) -> None:
        """Run TRY; an error goes to CATCH, where ERROR_*() tell it. What is refused by name is never caught."""
        depth = len(self.session.frames)
        try:
            self.block(statement.body)
        except TsqlError as error:
            del self.session.frames[depth:]
            self.session.caught.append(error)
            try:
                self.block(statement.handler)
            finally:
                self.session.caught.pop()

    def declare(self, statement: st.Declare) -> None:
        """Run DECLARE; an initial value counts as an assignment."""
        for variable in statement.variables:
            if variable.name in self.session.frame.variables and variable.value is None:
                continue
            held = None if variable.value is None else self.evaluate(variable.value, variable.type)
            self.session.frame.variables[variable.name] = Held(variable.type, held)
            if variable.value is not None:
                self.session.rowcount = 1

    def declare_table(self, statement: st.DeclareTable) -> None:
        """Run DECLARE @t TABLE."""
        self.leaves.declare(statement)

    def set_variable(self, statement: st.SetVariable) -> None:
        """Run SET @x = ..."""
        held = self.session.held(statement.name)

        def result(scope: Scope) -> Typed:
            typed = value(parse_expression(statement.value.text), scope)
            if not statement.operator:
                return typed
            return operation(statement.operator, bound(held.value, held.type), typed)

        held.value = self._scalar(result, held.type)
        self.session.rowcount = 1

    def set_option(self, _statement: st.SetOption) -> None:
        """Take SET NOCOUNT and XACT_ABORT: an error here always dooms the transaction."""
        self.session.rowcount = 0

    def print_(self, statement: st.Print) -> None:
        """Run PRINT."""
        text = self._scalar(lambda scope: plain_text(value(parse_expression(statement.value.text), scope)), None)
        self.session.messages.append(" " if text is None else str(text))
        self.session.rowcount = 0

    def return_(self, statement: st.Return) -> None:
        """Run RETURN."""
        code = 0 if statement.value is None else self.evaluate(statement.value, INT)
        raise ReturnSignal(code or 0)

    def throw(self, statement: st.Throw) -> None:
        """Run THROW."""
        if not statement.arguments:
            if not self.session.caught:
                raise TsqlError(10704, "THROW without arguments stands only inside a CATCH block.")
            raise self.session.caught[-1]
        number, text, state = statement.arguments
        raised = TsqlError(
            self.evaluate(number, INT) or 0,
            str(self.evaluate(text, MESSAGE) or ""),
            state=self.evaluate(state, INT) or 0,
        )
        if raised.number < 50000:
            raise TsqlError(35100, f"Error number {raised.number} in THROW is not valid: it must be 50000 or more.")
        raise raised

    def raiserror(self, statement: st.Raiserror) -> None:
        """Run RAISERROR: up to severity 10 a message, above an error that ends the batch or goes to CATCH."""
        message, severity, state, *rest = statement.arguments
        template = str(self.evaluate(message, MESSAGE) or "")
        text = _filled(template, [self.evaluate(argument) for argument in rest])
        level = self.evaluate(severity, INT) or 0
        if level <= 10:
            self.session.messages.append(text)
            self.session.rowcount = 0
            return
        raise TsqlError(50000, text, severity=level, state=self.evaluate(state, INT) or 1)

    def transaction(self, statement: st.Transaction) -> None:
        """Run BEGIN, COMMIT or ROLLBACK TRANSACTION."""
        {
            "begin": self.transactions.begin,
            "commit": self.transactions.commit,
            "rollback": self.transactions.rollback,
        }[statement.kind]()

    def leaf(self, statement: st.Leaf) -> None:
        """Run a statement of the engine."""
        self.leaves.run(statement)

    def create_table(self, statement: st.CreateTable) -> None:
        """Run CREATE TABLE."""
        self.leaves.create(statement)

    def execute(self, statement: st.Execute) -> None:
        """Run EXEC procedure."""
        self.calls.execute(statement)

    def execute_text(self, statement: st.ExecuteText) -> None:
        """Run EXEC (@sql)."""
        self.calls.execute_text(str(self.evaluate(statement.value, MESSAGE) or ""))


def _filled(template: str, values: list[Any]) -> str:
    """Put values into a RAISERROR message; only %s, %d, %i and %% are known."""
    rest = iter(values)

    def put(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        if match[1] not in ("s", "d", "i"):
            raise refused(what=f"RAISERROR with %{match[1]}", hint="use %s or %d.")
        held = next(rest, None)
        return "(null)" if held is None else str(held)

    return re.sub(r"%(.)", put, template)


def _placed(error: NotSupportedError, procedure: str | None, line: int) -> NotSupportedError:
    placed = NotSupportedError(f"{procedure or 'batch'}, line {line}: {error}")
    placed.is_placed = True  # type: ignore[attr-defined]
    return placed


_HANDLERS: dict[type[st.Statement], Callable[[Interpreter, Any], None]] = {
    st.Block: Interpreter.block,
    st.If: Interpreter.branch,
    st.While: Interpreter.loop,
    st.Jump: Interpreter.jump,
    st.TryCatch: Interpreter.try_catch,
    st.Declare: Interpreter.declare,
    st.DeclareTable: Interpreter.declare_table,
    st.SetVariable: Interpreter.set_variable,
    st.SetOption: Interpreter.set_option,
    st.Print: Interpreter.print_,
    st.Return: Interpreter.return_,
    st.Throw: Interpreter.throw,
    st.Raiserror: Interpreter.raiserror,
    st.Transaction: Interpreter.transaction,
    st.Leaf: Interpreter.leaf,
    st.CreateTable: Interpreter.create_table,
    st.Execute: Interpreter.execute,
    st.ExecuteText: Interpreter.execute_text,
}
