"""Independent work side by side: a thread of the driver plans one query at a time, and small tables are planning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from pyspark import inheritable_thread_target

Key = TypeVar("Key")
Result = TypeVar("Result")

WIDTH = 4
"""Threads at most: an F2 capacity's driver has four cores, and more would only hold more frames at a time."""


def do_together(tasks: Mapping[Key, Callable[[], Result]]) -> dict[Key, Result]:
    """Do `tasks`, up to four at a time, and return their results under their names.

    Each thread keeps the caller's Spark properties (job group, description). All tasks end before this returns.

    Raises:
        Exception: the error of the first task that failed, with a note for each other one.

    Example:
        >>> do_together({"one": lambda: 1})
        {'one': 1}
    """
    if len(tasks) < 2:
        return {name: task() for name, task in tasks.items()}
    with ThreadPoolExecutor(min(WIDTH, len(tasks)), thread_name_prefix="fabric_ot") as pool:
        futures = {name: pool.submit(_inheriting(task)) for name, task in tasks.items()}
        wait(futures.values())
    failed = {name: error for name, future in futures.items() if (error := future.exception()) is not None}
    if failed:
        (first, error), *others = failed.items()
        error.add_note(f"while doing {first!r}")
        for name, other in others:
            error.add_note(f"{name!r} failed too: {other}")
        raise error
    return {name: future.result() for name, future in futures.items()}


def _inheriting(task: Callable[[], Result]) -> Callable[[], Result]:
    with warnings.catch_warnings():
        # the session's tags, which only interrupt queries by name, are left behind
        warnings.simplefilter("ignore", UserWarning)
        inheriting: Callable[[], Result] = inheritable_thread_target(task)
        return inheriting
