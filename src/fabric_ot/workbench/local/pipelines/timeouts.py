"""A limit on the time of work that cannot be interrupted."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from fabric_ot.workbench.local.pipelines.calls import ActivityError, ActivityTimeoutError

T = TypeVar("T")


class _Worker(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.values: list[T] = []
        self.failure: BaseException | None = None

    def __call__(self) -> None:
        try:
            self.values.append(self._work())
        except BaseException as exc:
            self.failure = exc


def _as_exception(failure: BaseException) -> Exception:
    """Return `failure` in a form that fails the activity only: a SystemExit in it must not end the whole process."""
    if isinstance(failure, Exception):
        return failure
    error = ActivityError(f"{type(failure).__name__}: {failure}", error_code=type(failure).__name__)
    error.__cause__ = failure
    return error


def run_within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """Run `work` in a thread of its own and return its value.

    A thread cannot be stopped: after a timeout it is abandoned and may go on working until the process ends.

    Raises:
        ActivityTimeoutError: `work` did not end in time.
    """
    worker = _Worker(work)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(worker,), name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        message = f"did not end within {seconds:g} s; its thread is abandoned and may still be working"
        raise ActivityTimeoutError(message, error_code="Timeout")
    if worker.failure is not None:
        raise _as_exception(worker.failure)
    return worker.values[0]
