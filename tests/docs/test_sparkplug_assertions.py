"""The page of Sparkplug's assertions: every test that it names exists, every rule that is judged is on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from fabric_ot.contracts.sparkplug_rules import RULE_TEXTS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "sparkplug-assertions.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `((?:tck-id|ot)-[A-Za-z0-9-]+)` \| (.+) \|$", re.MULTILINE)
HELD = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
REASON = re.compile(r"^\| ([a-z]+) \| .+ \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)


def functions_of(path: str) -> set[str]:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_assertion_is_on_the_page_once_and_held_or_out_of_scope_for_a_told_reason() -> None:
    names = [name for name, _ in ROWS]
    assert len(names) == len(set(names))
    assert len([name for name in names if name.startswith("tck-id-")]) == 299
    reasons = set(REASON.findall(PAGE)) - {"reason", "assertion"}
    others = [held for _, held in ROWS if not HELD.fullmatch(held)]
    assert {held.removeprefix("out of scope: ") for held in others} == reasons


def test_every_test_that_is_named_exists() -> None:
    named: dict[str, set[str]] = {}
    for _, held in ROWS:
        for path, function in HELD.findall(held):
            named.setdefault(path, set()).add(function)
    assert named
    assert {path: tests - functions_of(path) for path, tests in named.items() if tests - functions_of(path)} == {}


def test_every_rule_that_is_judged_is_held_by_a_test() -> None:
    held = {name for name, by in ROWS if HELD.fullmatch(by)}
    assert set(RULE_TEXTS) - held == set()
    assert f"{len([n for n in held if n.startswith('tck-')])}\nof them" in PAGE
