"""The shipped builders and assertions: order-hostile frames, and an equality that NaN cannot fool."""

from __future__ import annotations

import pytest

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.testing import assert_frames_equal, frame, message

NAN = float("nan")


class Collected:
    """What the assertion asks of a frame, without a JVM."""

    def __init__(self, rows: list[tuple], types: tuple[str, ...] = ("string", "double")) -> None:
        self.rows = rows
        self.dtypes = [(f"c{n}", type_) for n, type_ in enumerate(types)]

    def drop(self, *_: str) -> Collected:
        return self

    def collect(self) -> list[tuple]:
        return self.rows


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("a", NAN)], [("a", 1.0)]),
        ([("a", 1.0)], [("a", NAN)]),
        ([("a", None)], [("a", NAN)]),
        ([("a", 1.0)], [("a", 1.1)]),
        ([("a", 1.0), ("a", 1.0)], [("a", 1.0)]),
        ([("a", 1.0), ("a", 1.0), ("b", 1.0)], [("a", 1.0), ("b", 1.0), ("b", 1.0)]),
        ([("a", [NAN])], [("a", [2.0])]),
        ([("a", float("inf"))], [("a", 1.0)]),
    ],
)
def test_frames_that_differ_fail(left, right):
    with pytest.raises(AssertionError, match="differ"):
        assert_frames_equal(Collected(left), Collected(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("a", 1.0), ("b", NAN)], [("b", NAN), ("a", 1.0)]),
        ([("a", None)], [("a", None)]),
        ([("a", {"k": NAN})], [("a", {"k": NAN})]),
        ([], []),
    ],
)
def test_equal_frames_pass_in_any_order(left, right):
    assert_frames_equal(Collected(left), Collected(right))


def test_empty_frames_with_other_columns_differ():
    with pytest.raises(AssertionError, match="columns differ"):
        assert_frames_equal(Collected([], ("string", "double")), Collected([], ("string", "bigint")))


def test_a_tolerance_admits_small_differences_only():
    assert_frames_equal(Collected([("a", 1.0)]), Collected([("a", 1.0005)]), tolerance=0.001)
    with pytest.raises(AssertionError):
        assert_frames_equal(Collected([("a", 1.0)]), Collected([("a", 1.002)]), tolerance=0.001)


def test_a_message_row_has_the_contract_s_columns_and_refuses_others():
    assert len(message("t", b"x")) == len(MESSAGE.columns)
    with pytest.raises(KeyError, match="offset"):
        message("t", b"x", offset=1)


@pytest.mark.spark
def test_a_built_frame_is_shuffled_spread_and_complete(spark):
    rows = [(n, f"{n}") for n in range(30)]
    built = frame(spark, "n int, s string", rows)
    assert built.rdd.getNumPartitions() == 3
    collected = [tuple(row) for row in built.collect()]
    assert sorted(collected) == rows
    assert collected != rows
    assert [tuple(row) for row in frame(spark, "n int, s string", rows).collect()] == collected
