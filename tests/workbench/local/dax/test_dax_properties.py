"""Random small stars against a slow, obvious Python evaluation."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = st.one_of(st.none(), st.integers(0, 5))
NAMES = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
QUANTITIES = st.one_of(st.none(), st.integers(-3, 9).map(float))
FACTS = st.lists(st.tuples(KEYS, KEYS, QUANTITIES), max_size=12)
DIMENSION = st.lists(st.tuples(st.integers(0, 4), NAMES), max_size=4, unique_by=lambda row: row[0])

MEASURES = {
    "Sum": "SUM(F[q])",
    "Rows": "COUNTROWS(F)",
    "Count": "COUNT(F[q])",
    "Average": "AVERAGE(F[q])",
    "Least": "MIN(F[q])",
    "Distinct": "DISTINCTCOUNT(F[q])",
    "Share": "DIVIDE(SUM(F[q]), CALCULATE(SUM(F[q]), ALL(D)))",
    "Positive": "CALCULATE(SUM(F[q]), F[q] > 0)",
    "Only A": 'CALCULATE(SUM(F[q]), KEEPFILTERS(D[n] = "a"))',
    "Iterated": "SUMX(F, F[q] * 2)",
    "By Member": "SUMX(VALUES(E[n]), CALCULATE(MAX(F[q])))",
}


def folded(rows: list[dict[str, Any]], measure: str, everything: list[dict[str, Any]], e_members: set[Any]) -> Any:
    numbers = [row["q"] for row in rows if row["q"] is not None]
    total = math.fsum(numbers) if numbers else None
    if measure == "Sum":
        return total
    if measure == "Rows":
        return len(rows) or None
    if measure == "Count":
        return len(numbers) or None
    if measure == "Average":
        return total / len(numbers) if numbers else None
    if measure == "Least":
        return min(numbers, default=None)
    if measure == "Distinct":
        return len({row["q"] for row in rows}) or None
    if measure == "Share":
        whole = math.fsum(row["q"] for row in everything if row["q"] is not None)
        return None if total is None or whole == 0 else total / whole
    if measure == "Positive":
        return folded([row for row in rows if (row["q"] or 0) > 0], "Sum", everything, e_members)
    if measure == "Only A":
        return folded([row for row in rows if row["d"] == "a"], "Sum", everything, e_members)
    if measure == "Iterated":
        return None if total is None else 2 * total
    parts = [
        max((row["q"] for row in rows if row["e"] == member and row["q"] is not None), default=None)
        for member in e_members
    ]
    found = [part for part in parts if part is not None]
    return math.fsum(found) if found else None


@settings(max_examples=25)
@given(facts=FACTS, d=DIMENSION, e=DIMENSION, grouped=st.sampled_from(["D", "E", "both", "none"]), shown=NAMES)
def test_groups_and_filters_equal_the_obvious_evaluation(make_engine, facts, d, e, grouped, shown):
    engine = make_engine(
        {"F": ("dk:int64 ek:int64 q:double", facts), "D": ("k:int64 n:string", d), "E": ("k:int64 n:string", e)},
        measures=MEASURES,
        relationships=["F.dk -> D.k", "F.ek -> E.k"],
    )
    names_d, names_e = dict(d), dict(e)
    star = [{"d": names_d.get(dk), "e": names_e.get(ek), "q": q} for dk, ek, q in facts]
    filters = {("E", "n"): shown} if shown else {}
    visible = [row for row in star if not shown or row["e"] == shown]
    columns = {"D": ["d"], "E": ["e"], "both": ["d", "e"], "none": []}[grouped]
    rows = engine.evaluate(list(MEASURES), group_by=[(c.upper(), "n") for c in columns], filters=filters)

    members_d = {*names_d.values()} | ({None} if any(dk not in names_d for dk, _, _ in facts) else set())
    members_e = {*names_e.values()} | ({None} if any(ek not in names_e for _, ek, _ in facts) else set())
    members_e = {member for member in members_e if not shown or member == shown}
    cells = {(): []} if not columns else {}
    for a in members_d if "d" in columns else [None]:
        for b in members_e if "e" in columns else [None]:
            cells[tuple({"d": a, "e": b}[c] for c in columns)] = []
    for row in visible:
        cells[tuple(row[c] for c in columns)].append(row)
    expected = {}
    for key, cell in cells.items():
        of_cell = dict(zip(columns, key, strict=True))
        without_d = [row for row in visible if "e" not in of_cell or row["e"] == of_cell["e"]]
        e_members = {of_cell["e"]} if "e" in of_cell else members_e
        results = {f"[{m}]": folded(cell, m, without_d, e_members) for m in MEASURES}
        if not columns or any(value is not None for value in results.values()):
            expected[key] = results
    found = {tuple(row.pop(f"{c.upper()}[n]") for c in columns): row for row in ({**row} for row in rows)}
    assert found.keys() == expected.keys()
    for key, results in expected.items():
        for name, value in results.items():
            assert found[key][name] == (value if value is None else pytest.approx(value)), (key, name)


@given(numbers=st.lists(st.tuples(st.sampled_from("+-*"), st.integers(-9, 9)), min_size=1, max_size=6))
def test_chains_of_operators_equal_python(numbers):
    from fabric_ot.workbench.local.dax.parser import parse_expression
    from fabric_ot.workbench.local.dax.syntax import Binary, Literal, Unary

    text = "1" + "".join(f" {sign} ({number})" for sign, number in numbers)

    def run(node: Any) -> int:
        if isinstance(node, Literal):
            return int(node.value)
        if isinstance(node, Unary):
            return -run(node.operand)
        assert isinstance(node, Binary)
        left, right = run(node.left), run(node.right)
        return {"+": left + right, "-": left - right, "*": left * right}[node.operator]

    assert run(parse_expression(text)) == eval(text)
