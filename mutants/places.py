"""The small wrong changes that can be made to a module, and the lines that a test must run to notice each.

The changes are those of cosmic-ray. Left out are changes that are no behavior: annotations, `TYPE_CHECKING`, the text
of errors, the stars of a signature, and what only a linter would notice of a data class (`frozen`, `slots`).
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

Place = tuple[int, int]
_NUMBERS_OF_A_TABLE = 50
_NO_CHANGE = "core/NoOp"
_DECLARATIONS = frozenset({"frozen", "slots", "kw_only", "init"})


@dataclass(frozen=True)
class Mutant:
    """One change by one operator at one place; `occurrence` counts the operator's places in the module."""

    module: str
    operator: str
    occurrence: int
    line: int
    column: int

    @property
    def name(self) -> str:
        """What results are kept under."""
        return f"{self.module}:{self.line}:{self.column} {self.operator.removeprefix('core/')} #{self.occurrence}"

    @property
    def room(self) -> str:
        """The folder that it lies in."""
        return str(Path(self.module).parent)

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it is."""
        return self.module, self.line, self.column

    def apply(self, code: str) -> str | None:
        """Return the changed module, or None where the operator changes nothing."""
        changed = mutate_code(code, cosmic_ray.plugins.get_operator(self.operator)(), self.occurrence)
        return None if changed is None or changed == code else changed


def mutants_of(package: Path, module: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module that is behavior."""
    code = module.read_text(encoding="utf-8")
    silent = list(_silent_spans(code))
    nodes = list(ast_nodes(get_ast(code)))
    for name in sorted(cosmic_ray.plugins.operator_names()):
        operator_class = cosmic_ray.plugins.get_operator(name)
        if name == _NO_CHANGE or operator_class.arguments():
            continue
        operator = operator_class()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, column) in enumerate(places):
            if not any(a <= (line, column) < b for a, b in silent):
                yield Mutant(str(module.relative_to(package)), name, occurrence, line, column)


def sample(package: Path, mutants: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """Draw `size` places and one mutant of each that is Python.

    An arithmetic operator has eleven mutants and a comparison seven, most of which fail at once, and a table of numbers
    has hundreds that one test of the table sees. Drawn one by one they would fill the sample with easy kills.
    """
    codes: dict[str, str] = {}
    by_place: dict[tuple[str, int, int], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        codes.setdefault(mutant.module, (package / mutant.module).read_text(encoding="utf-8"))
        by_place[_place(mutant, codes[mutant.module])].append(mutant)
    chance = random.Random(seed)
    places = sorted(by_place)
    chance.shuffle(places)
    drawn: list[Mutant] = []
    for place in places:
        choices = by_place[place]
        chance.shuffle(choices)
        is_python = (mutant for mutant in choices if _is_python(mutant, codes[mutant.module]))
        if (one := next(is_python, None)) is not None:
            drawn.append(one)
        if len(drawn) == size:
            break
    return drawn


def _is_python(mutant: Mutant, code: str) -> bool:
    if not any(name in mutant.operator for name in ("_Mul_", "_Pow_", "_Not")):  # `*names`, `a | not b`
        return True
    try:
        ast.parse(mutant.apply(code) or "?")
    except SyntaxError:
        return False
    return True


def _place(mutant: Mutant, code: str) -> tuple[str, int, int]:
    tables = (table for table in _tables(code) if table.lineno <= mutant.line <= (table.end_lineno or 0))
    table = next(tables, None)
    return (mutant.module, table.lineno, -1) if table else (mutant.module, mutant.line, mutant.column)


@cache
def _tables(code: str) -> tuple[ast.stmt, ...]:
    """Return the statements of the module itself that hold a table of numbers."""

    def numbers(statement: ast.stmt) -> int:
        found = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
        return sum(isinstance(value, int | float) for value in found)

    assigns = (node for node in ast.parse(code).body if isinstance(node, ast.Assign | ast.AnnAssign))
    return tuple(node for node in assigns if numbers(node) >= _NUMBERS_OF_A_TABLE)


def _silent_spans(code: str) -> Iterator[tuple[Place, Place]]:
    for node in ast.walk(ast.parse(code)):
        for told in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(told, ast.expr):
                yield _span(told)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from (_span(argument) for argument in node.exc.args)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield _span(node)
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from _signature_spans(node)
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
                yield from (_span(keyword) for keyword in keywords if keyword.arg in _DECLARATIONS)


def _signature_spans(function: ast.FunctionDef | ast.Lambda) -> Iterator[tuple[Place, Place]]:
    """Yield a signature without its defaults: the star before keyword-only parameters is no multiplication."""
    body = function.body[0] if isinstance(function, ast.FunctionDef) else function.body
    start: Place = (function.lineno, function.col_offset)
    defaults = [d for d in (*function.args.defaults, *function.args.kw_defaults) if d is not None]
    for first, last in sorted(map(_span, defaults)):
        yield start, first
        start = last
    yield start, (body.lineno, body.col_offset)


def _span(node: ast.expr | ast.stmt | ast.keyword) -> tuple[Place, Place]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def running_lines(code: str, line: int) -> frozenset[int] | None:
    """Return the lines of the statement around `line`; None where it runs on import or is remembered by a cache."""
    best: ast.stmt | None = None
    within: list[ast.FunctionDef] = []
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not _first(node) <= line <= (node.end_lineno or node.lineno):
            continue
        if isinstance(node, ast.FunctionDef) and line >= node.body[0].lineno:
            within.append(node)
        if best is None or _first(node) >= _first(best):
            best = node
    on_import = _called_on_import(tree)
    if best is None or not within or any(_is_remembered(f) or f.name in on_import for f in within):
        return None
    body = getattr(best, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) and line < body[0].lineno else best.end_lineno or best.lineno
    return frozenset(range(best.lineno, max(last, best.lineno) + 1))


def _called_on_import(tree: ast.Module) -> set[str]:
    """Return the functions that statements of the module itself call."""
    statements = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr))
    calls = (node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def _first(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _is_remembered(function: ast.FunctionDef) -> bool:
    return any("cache" in ast.unparse(decorator) for decorator in function.decorator_list)
