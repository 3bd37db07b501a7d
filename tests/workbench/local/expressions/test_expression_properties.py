"""Laws that hold for any input."""

from __future__ import annotations

import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from fabric_ot.errors import ExpressionError
from fabric_ot.workbench.local.expressions import Scope, evaluate
from fabric_ot.workbench.local.expressions.values import compact_json, equal, float_text

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
LONGS = st.integers(-(2**62), 2**62)
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, blacklist_categories=["Cs"]))


def value_of(text: str, **variables):
    return evaluate(text, Scope(variables=variables))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


SYMBOLS = st.lists(st.sampled_from([*"@{}()'.,?[] -1a", "add", "item()", "'x'", "null"]), max_size=12).map("".join)


@given(st.text() | SYMBOLS.map("@".__add__) | SYMBOLS.map("x@{".__add__))
def test_any_text_either_evaluates_or_is_an_expression_error(text):
    try:
        value = evaluate(text, Scope())
    except ExpressionError:
        assert "@" in text
    else:
        assert text.startswith("@") or isinstance(value, str)


@given(TEXTS)
def test_a_quoted_text_stands_for_itself(text):
    assert evaluate(f"@{quoted(text)}", Scope()) == text
    assert evaluate(f"<@{{{quoted(text)}}}>", Scope()) == f"<{text}>"


@given(JSON_VALUES)
def test_json_text_reads_back_as_the_same_value(value):
    assert equal(json.loads(compact_json(value)), value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float_reads_back_as_the_same_float(value):
    assert float(float_text(value)) == value


@given(LONGS, LONGS.filter(bool))
def test_quotient_and_remainder_make_the_number_again(left, right):
    quotient, remainder = (
        value_of("@div(variables('a'), variables('b'))", a=left, b=right),
        value_of("@mod(variables('a'), variables('b'))", a=left, b=right),
    )
    assert quotient * right + remainder == left
    assert abs(remainder) < abs(right)
    assert remainder == 0 or (remainder < 0) == (left < 0)


@given(TEXTS, st.text(st.characters(max_codepoint=0xFFFF, blacklist_categories=["Cs"]), min_size=1, max_size=2))
def test_split_and_join_are_inverse(text, delimiter):
    assert value_of("@join(split(variables('t'), variables('d')), variables('d'))", t=text, d=delimiter) == text


@given(TEXTS)
def test_encodings_are_inverse(text):
    for there, back in (
        ("base64", "base64ToString"),
        ("uriComponent", "uriComponentToString"),
        ("dataUri", "dataUriToString"),
    ):
        assert value_of(f"@{back}({there}(variables('t')))", t=text) == text


@given(st.lists(st.integers(-5, 5)), st.lists(st.integers(-5, 5)))
def test_union_and_intersection_are_those_of_sets(left, right):
    union = value_of("@union(variables('a'), variables('b'))", a=left, b=right)
    both = value_of("@intersection(variables('a'), variables('b'))", a=left, b=right)
    assert len(union) == len(set(union)) == len({*left, *right})
    assert (set(union), set(both)) == ({*left, *right}, {*left} & {*right})


@given(st.lists(st.integers(), max_size=8), st.integers(0, 10))
def test_take_and_skip_make_the_whole(values, count):
    parts = [value_of(f"@{name}(variables('v'), {count})", v=values) for name in ("take", "skip")]
    assert parts[0] + parts[1] == values


MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))


@given(MOMENTS, st.integers(0, 9))
def test_the_default_format_reads_back_to_the_tick(moment, tick):
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + f"{tick}Z"
    assert value_of("@formatDateTime(variables('t'))", t=text) == text
    assert value_of("@addDays(addDays(variables('t'), 1), -1)", t=text) == text


@given(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1)))
def test_from_utc_and_back_is_the_same_hour_but_for_the_doubled_one(moment):
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    zone = "'W. Europe Standard Time'"
    back = value_of(f"@convertToUtc(convertFromUtc(variables('t'), {zone}), {zone})", t=text)
    assert back[14:] == text[14:]
    shift = value_of("@sub(ticks(variables('b')), ticks(variables('t')))", b=back, t=text)
    assert shift in (0, 36_000_000_000)
