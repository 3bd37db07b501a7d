"""EXEC: procedures with named, positional and OUTPUT arguments, sp_executesql, EXEC (@sql)."""

from __future__ import annotations

from typing import Any

from fabric_ot.workbench.local.warehouse.interpreter import MESSAGE, Interpreter, JumpSignal, ReturnSignal
from fabric_ot.workbench.local.warehouse.procedures import parse_parameter_list
from fabric_ot.workbench.local.warehouse.session import Frame, Held, own_key
from fabric_ot.workbench.local.warehouse.splitter import split
from fabric_ot.workbench.local.warehouse.sql_errors import TsqlError
from fabric_ot.workbench.local.warehouse.sql_types import INT, SqlType
from fabric_ot.workbench.local.warehouse.sql_values import to_declared
from fabric_ot.workbench.local.warehouse.statements import Argument, Block, Execute, Parameter, Procedure
from fabric_ot.workbench.local.warehouse.translate.conversions import convert
from fabric_ot.workbench.local.warehouse.translate.expressions import bound
from fabric_ot.workbench.local.warehouse.translate.scope import refused

MAX_DEPTH = 32
_DYNAMIC = ("@stmt", "@statement"), ("@params", "@parameters")


class Calls:
    """Runs procedures and dynamic SQL."""

    def __init__(self, interpreter: Interpreter) -> None:
        """Call for one interpreter."""
        self._interpreter = interpreter
        self._session = interpreter.session

    def execute(self, statement: Execute) -> None:
        """Run EXEC [@code =] procedure."""
        if statement.procedure[-1].lower() == "sp_executesql":
            self._execute_sql(statement)
            return
        procedure = self._find(statement.procedure)
        given = _by_name(procedure.full_name, procedure.parameters, statement.arguments)
        values = {
            name: self._interpreter.evaluate(argument.value)
            for name, argument in given.items()
            if argument.value is not None
        }
        code, outputs = self.run(procedure, values)
        self._give_back(given, procedure.parameters, outputs)
        if statement.result is not None:
            self._store(statement.result, code, INT)

    def _find(self, name: tuple[str, ...]) -> Procedure:
        objects = self._session.objects
        if len(name) > 3 or (len(name) == 3 and name[0] != objects.database):
            raise refused(what=f"EXEC {'.'.join(name)}", hint="procedures of other items cannot be called.")
        procedure = objects.procedures.get(own_key(name))
        if procedure is None:
            known = ", ".join(sorted(".".join(key) for key in objects.procedures)) or "none"
            raise TsqlError(2812, f"Could not find stored procedure '{'.'.join(name)}'.", hint=f"available: {known}.")
        return procedure

    def run(self, procedure: Procedure, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Run a procedure with Python values by parameter name; returns the return code and the OUTPUT values."""
        known = {parameter.name for parameter in procedure.parameters}
        for name in values:
            if name not in known:
                hint = f"parameters: {sorted(known)}."
                raise TsqlError(8145, f"{name} is not a parameter for procedure {procedure.full_name}.", hint=hint)
        frame = Frame(procedure.full_name)
        for parameter in procedure.parameters:
            frame.variables[parameter.name] = Held(parameter.type, self._initial(procedure, parameter, values))
        code = self._run_in(frame, procedure.body)
        outputs = {p.name: frame.variables[p.name].value for p in procedure.parameters if p.is_output}
        return code, outputs

    def _initial(self, procedure: Procedure, parameter: Parameter, values: dict[str, Any]) -> Any:
        if parameter.name in values:
            return to_declared(values[parameter.name], parameter.type, f"{procedure.full_name} {parameter.name}")
        if parameter.default is not None:
            return self._interpreter.evaluate(parameter.default, parameter.type)
        message = f"Procedure '{procedure.full_name}' expects parameter '{parameter.name}', which was not supplied."
        raise TsqlError(201, message)

    def _run_in(self, frame: Frame, body: Block) -> int:
        session = self._session
        if len(session.frames) > MAX_DEPTH:
            raise TsqlError(217, f"Maximum stored procedure nesting level exceeded (limit {MAX_DEPTH}).")
        session.frames.append(frame)
        depth = len(session.frames)
        try:
            self._interpreter.block(body)
        except ReturnSignal as signal:
            return signal.code
        except JumpSignal as jump:
            raise TsqlError(135, f"{jump.kind.upper()} stands outside of WHILE.") from None
        finally:
            del session.frames[depth - 1 :]
            self._drop_tables(frame)
        return 0

    def _drop_tables(self, frame: Frame) -> None:
        if not self._session.engine.is_doomed:
            for relation in frame.tables.values():
                self._session.engine.execute(f"DROP TABLE IF EXISTS {relation.sql}")

    def _give_back(
        self, given: dict[str, Argument], parameters: tuple[Parameter, ...], outputs: dict[str, Any]
    ) -> None:
        types = {parameter.name: parameter.type for parameter in parameters}
        for name, argument in given.items():
            if not argument.is_output or argument.value is None:
                continue
            if name not in outputs:
                raise TsqlError(8162, f"The parameter {name} was not declared as an OUTPUT parameter.")
            self._store(argument.value.text.lower(), outputs[name], types[name])

    def _store(self, name: str, held: Any, type_: SqlType) -> None:
        target = self._session.held(name)
        sql = convert(bound(held, type_), target.type).sql
        target.value = self._session.engine.calculate(f"SELECT {sql}")[0][0]

    def execute_text(self, sql: str) -> None:
        """Run EXEC (@sql): its own variables, the caller's temporary tables."""
        self._run_in(Frame(), split(sql))

    def _execute_sql(self, statement: Execute) -> None:
        arguments = list(statement.arguments)
        text = str(self._take(arguments, _DYNAMIC[0]) or "")
        declared = self._take(arguments, _DYNAMIC[1]) if arguments else None
        parameters = parse_parameter_list(str(declared)) if declared else ()
        given = _by_name("sp_executesql", parameters, tuple(arguments))
        frame = Frame()
        for parameter in parameters:
            argument = given.get(parameter.name)
            if argument is None or argument.value is None:
                raise TsqlError(8178, f"The parameterized query expects the parameter '{parameter.name}'.")
            held = self._interpreter.evaluate(argument.value)
            frame.variables[parameter.name] = Held(parameter.type, to_declared(held, parameter.type, parameter.name))
        code = self._run_in(frame, split(text))
        outputs = {p.name: frame.variables[p.name].value for p in parameters if p.is_output}
        self._give_back(given, parameters, outputs)
        if statement.result is not None:
            self._store(statement.result, code, INT)

    def _take(self, arguments: list[Argument], names: tuple[str, ...]) -> Any:
        if not arguments or (arguments[0].name is not None and arguments[0].name not in names):
            raise TsqlError(214, f"sp_executesql expects {names[0]} first.")
        fragment = arguments.pop(0).value
        return None if fragment is None else self._interpreter.evaluate(fragment, MESSAGE)


def _by_name(procedure: str, parameters: tuple[Parameter, ...], arguments: tuple[Argument, ...]) -> dict[str, Argument]:
    if len(arguments) > len(parameters):
        raise TsqlError(8144, f"Procedure or function {procedure} has too many arguments specified.")
    found: dict[str, Argument] = {}
    for position, argument in enumerate(arguments):
        name = argument.name or parameters[position].name
        if name in found:
            raise TsqlError(8143, f"Parameter '{name}' was supplied multiple times.")
        if name not in {parameter.name for parameter in parameters}:
            raise TsqlError(8145, f"{name} is not a parameter for procedure {procedure}.")
        found[name] = argument
    return found
