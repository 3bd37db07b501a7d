"""The page of acceptance checks: it names the tests that are marked as proof, and options that exist as it says."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "acceptance-checks.md").read_text(encoding="utf-8")
CHECKS, CHOICES = (
    re.findall(r"^\| (\d+) \| (.+) \|$", part, re.MULTILINE) for part in PAGE.split("\n## Declared choices\n")
)
TABLES = {"checks": CHECKS, "choices": CHOICES}
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
PLACE = re.compile(r"`((?:transforms|jobs|quality)/[a-z_/]+)\.py::([a-z_]+)(?:\((.+?)\))?`")


def functions_of(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def numbers_of(test: ast.FunctionDef) -> set[int]:
    marks = [mark for mark in test.decorator_list if isinstance(mark, ast.Call)]
    return {ast.literal_eval(mark.args[0]) for mark in marks if ast.unparse(mark.func) == "pytest.mark.acceptance"}


def test_every_check_and_every_choice_is_on_the_page_once_with_its_proof_or_whose_it_is() -> None:
    assert [int(number) for number, _ in CHECKS] == list(range(1, 19))
    assert [int(number) for number, _ in CHOICES] == list(range(1, 18))
    unproven = {name: [n for n, row in rows if not TEST.search(row)] for name, rows in TABLES.items()}
    assert unproven == {"checks": ["7", "14", "16", "17"], "choices": ["16"]}
    assert all("not yet: belongs to " in row for rows in TABLES.values() for _, row in rows if not TEST.search(row))


def test_the_tests_of_a_check_are_those_that_are_marked_with_its_number() -> None:
    named = {int(number): set(TEST.findall(row)) for number, row in CHECKS}
    marked: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        for name, test in functions_of(path).items():
            for number in numbers_of(test):
                marked[number].add((path.relative_to(REPOSITORY).as_posix(), name))
    assert {number: tests for number, tests in named.items() if tests} == dict(marked)


def test_every_test_of_a_choice_exists() -> None:
    named = {place for _, row in CHOICES for place in TEST.findall(row)}
    missing = [f"{path}::{name}" for path, name in sorted(named) if name not in functions_of(REPOSITORY / path)]
    assert named
    assert missing == []


def test_every_option_exists_and_has_the_default_that_the_page_says() -> None:
    wrong, options = [], 0
    for _, row in CHOICES:
        for module, name, arguments in PLACE.findall(row):
            function = getattr(importlib.import_module(f"fabric_ot.{module.replace('/', '.')}"), name)
            parameters = inspect.signature(function).parameters
            for option in ast.parse(f"f({_as_keywords(arguments)})", mode="eval").body.keywords:
                options += 1
                told = ast.literal_eval(option.value)
                found = parameters[option.arg].default if option.arg in parameters else "no such option"
                if option.arg not in parameters or told not in (found, ...):
                    wrong.append(f"{module}::{name}({option.arg}): the page says {told!r}, the code {found!r}")
    assert wrong == []
    assert options >= 15


def _as_keywords(arguments: str) -> str:
    """A name alone is an option whose default, if it has any, the page does not tell."""
    return f"{arguments}=..." if arguments and "=" not in arguments else arguments
