"""Independent work side by side: every result comes back, every error is told."""

from __future__ import annotations

import threading

import pytest

from fabric_ot.lakehouse import do_together

pytestmark = pytest.mark.spark


def test_tasks_run_at_the_same_time_and_results_keep_their_names(spark) -> None:
    spark.sparkContext.setLocalProperty("fabric_ot.step", "signals")
    meeting = threading.Barrier(2, timeout=30)

    def told() -> str:
        meeting.wait()  # two tasks one after the other would never meet
        return spark.sparkContext.getLocalProperty("fabric_ot.step")

    assert do_together({"a": told, "b": told}) == {"a": "signals", "b": "signals"}
    assert do_together({}) == {}


def test_all_tasks_end_and_every_error_is_told(spark) -> None:
    done = []

    def fail(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="first") as caught:
        do_together({"x": lambda: fail("first"), "y": lambda: fail("second"), "z": lambda: done.append("z")})
    assert caught.value.__notes__ == ["while doing 'x'", "'y' failed too: second"]
    assert done == ["z"]
