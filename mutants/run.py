"""Mutation testing: a seeded sample of small wrong changes to the transforms, and whether the tests notice each.

    make mutants                       200 mutants, about an hour and a half on two cores
    make mutants ARGS="--sample 20 --only transforms/signals"

Each mutant lives in a scratch copy of the package and is judged by the tests of its own room, which stop at the first
failure. One Java machine serves all of them, so that a mutant costs seconds and not a start of Spark.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "fabric_ot"
ROOMS = ("transforms", "quality")
TARGET = 0.85
# a mutant that loops is noticed too
_TIMEOUT_S = 600
_KILLED, _SURVIVED = "killed", "SURVIVED"


@dataclass(frozen=True)
class Mutant:
    """One change of one operator at one place."""

    module: str
    operator: str
    occurrence: int
    line: int

    @property
    def room(self) -> str:
        """The folder whose tests judge it."""
        return str(Path(self.module).parent)


def mutants_of(module: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module; annotations and module constants' docstrings are no behavior."""
    code = module.read_text(encoding="utf-8")
    silent = _annotation_places(code)
    tree = get_ast(code)
    for name in sorted(cosmic_ray.plugins.operator_names()):
        operator_class = cosmic_ray.plugins.get_operator(name)
        if operator_class.arguments():
            continue
        operator = operator_class()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, column) in enumerate(places):
            if not any(a <= (line, column) < b for a, b in silent):
                yield Mutant(str(module.relative_to(PACKAGE)), name, occurrence, line)


def _annotation_places(code: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(code)):
        told = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        found += [expression for expression in told if isinstance(expression, ast.expr)]
    return [((e.lineno, e.col_offset), (e.end_lineno or e.lineno, e.end_col_offset or 0)) for e in found]


def tests_of(mutant: Mutant) -> list[str]:
    """Return the tests of the mutant's room: its folder, or the files beside it for modules of the outer room."""
    folder = ROOT / "tests" / mutant.room
    if folder.name in ROOMS and folder.name != "quality":
        return sorted(map(str, folder.glob("test_*.py")))
    return [str(folder)]


def judge(mutant: Mutant, copy: Path, environment: dict[str, str]) -> str:
    """Apply the mutant in the copy, run its tests, and take it back."""
    target = copy / "fabric_ot" / mutant.module
    original = target.read_text(encoding="utf-8")
    operator = cosmic_ray.plugins.get_operator(mutant.operator)()
    changed = mutate_code(original, operator, mutant.occurrence)
    if changed is None or changed == original:
        return "no change"
    target.write_text(changed, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *tests_of(mutant)]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return _KILLED
    finally:
        target.write_text(original, encoding="utf-8")
    return _SURVIVED if done.returncode == 0 else _KILLED


def warm_java(folder: Path) -> dict[str, str]:
    """Start the Java machine that all test processes will use, and return how they find it."""
    from pyspark.sql import SparkSession

    from fabric_ot.workbench.local.spark.session import start_spark

    session: SparkSession = start_spark(folder, purpose="tests")
    gateway = session.sparkContext._gateway  # there is no public way to it
    parameters = gateway.gateway_parameters
    session.stop()
    return {"PYSPARK_GATEWAY_PORT": str(parameters.port), "PYSPARK_GATEWAY_SECRET": parameters.auth_token}


def main() -> int:
    """Judge the sample and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="a folder or module below src/fabric_ot")
    asked = parser.parse_args()
    modules = sorted(m for room in ROOMS for m in (PACKAGE / room).rglob("*.py"))
    mutants = [m for module in modules for m in mutants_of(module) if m.module.startswith(asked.only)]
    chosen = random.Random(asked.seed).sample(mutants, min(asked.sample, len(mutants)))
    print(f"{len(mutants)} mutants in {len(modules)} modules; judging {len(chosen)}, seed {asked.seed}", flush=True)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= warm_java(Path(scratch) / "java")
        for n, mutant in enumerate(sorted(chosen, key=lambda m: (m.module, m.line)), start=1):
            started = time.monotonic()
            outcome = judge(mutant, copy, environment)
            found[outcome] += 1
            place = f"{mutant.module}:{mutant.line}"
            seconds = time.monotonic() - started
            print(f"{n:4} {seconds:5.0f} s  {outcome:9} {place}  {mutant.operator} #{mutant.occurrence}", flush=True)
    judged = found[_KILLED] + found[_SURVIVED]
    share = found[_KILLED] / judged if judged else 0.0
    print(f"killed {found[_KILLED]} of {judged}: {share:.1%} (wanted {TARGET:.0%})")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
