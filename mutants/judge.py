"""Whether the tests notice a mutant."""

from __future__ import annotations

import doctest
import importlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from lines import LineMap, LineRecorder, digest
from places import Mutant, running_lines
from warm import QuickFailure, WarmSpark

KILLED, SURVIVED = "killed", "SURVIVED"
_PYTEST = ("-q", "-x", "-p", "no:cacheprovider", "--assert=plain", "--no-header")
_LEAST_TIMEOUT_S, _MOST_TIMEOUT_S = 120.0, 900.0


class Judge:
    """Records which test runs which line, and judges mutants in the `scratch` copy of the package."""

    def __init__(self, root: Path, scratch: Path, known: Path, rooms: tuple[str, ...]) -> None:
        self.root, self.rooms = root, rooms
        self.copy = scratch / "src" / "fabric_ot"
        self.told = scratch / "told"
        self.recorded = scratch / "recorded.json"
        self.log = known / f"{os.getpid()}.log"
        self.kept = known / "lines"
        self.spark = WarmSpark(scratch)
        self.map = LineMap.load(root, root / "src" / "fabric_ot", self.kept)

    def record(self, room: str) -> None:
        """Run the room's test files that changed, or whose modules changed, and note the lines that each test runs.

        What lies in no room of its own (`transforms/intervals.py`) is seen by the tests of every room.
        """
        stale = [name for name in self.files_of(room) if not self.map.is_fresh(name)]
        for n, name in enumerate(stale, start=1):
            started = time.monotonic()
            if self.spark.run(lambda name=name: self._record(name), log=self.log, timeout_s=_MOST_TIMEOUT_S) != 0:
                message = f"{name} fails without any mutant.\nHint: see {self.log}"
                raise SystemExit(message)
            self.map.keep(name, self.recorded, self.kept)
            print(f"recorded {n}/{len(stale)} {time.monotonic() - started:5.0f} s  {name}", flush=True)

    def _record(self, name: str) -> int:
        recorder = LineRecorder(self.copy, self.rooms)
        code = int(pytest.main([*_PYTEST, name], plugins=[recorder]))
        recorder.save(self.recorded)
        return code

    def files_of(self, room: str) -> dict[str, str]:
        """Return the room's test files and their digests."""
        paths = sorted((self.root / "tests" / room).rglob("test_*.py"))
        return {str(path.relative_to(self.root)): digest(path) for path in paths}

    def tests_of(self, mutant: Mutant, passed: Mapping[str, str]) -> list[str]:
        """Return the tests that run the mutant's statement; of what runs on import, those that can see it.

        Tests of a file that is still the one in `passed` are left out.
        """
        lines = running_lines((self.copy / mutant.module).read_text(encoding="utf-8"), mutant.line) or frozenset()
        # where nobody was seen on the line it runs on import, in a Python worker, or in no test
        found = self.map.tests_of_lines(mutant.module, lines) or self.map.tests_of_module(mutant.module)
        old = {name for name, version in self.files_of(mutant.room).items() if passed.get(name) == version}
        return [test for test in found if test.partition("::")[0] not in old]

    def judge(self, mutant: Mutant, passed: Mapping[str, str]) -> tuple[str, list[str]]:
        """Apply the mutant in the copy, run its tests, take it back; returns the outcome and what led to it.

        `passed` are the test files, and their versions, that it has survived already.
        """
        target = self.copy / mutant.module
        original = target.read_text(encoding="utf-8")
        changed = mutant.apply(original)
        assert changed is not None
        tests = self.tests_of(mutant, passed)
        timeout = min(_MOST_TIMEOUT_S, _LEAST_TIMEOUT_S + 4 * self.map.seconds_of(tests))
        module = "fabric_ot." + mutant.module.removesuffix(".py").replace("/", ".") if ">>>" in original else None
        target.write_text(changed, encoding="utf-8")
        try:
            for _ in range(2):
                self.told.unlink(missing_ok=True)
                code = self.spark.run(lambda: self._test(module, tests), log=self.log, timeout_s=timeout)
                if not code or code < 0 or self.told.exists():
                    break
        finally:
            target.write_text(original, encoding="utf-8")
        if code == 0:
            return SURVIVED, [f"{len(tests)} tests"]
        if code is None or code < 0:
            return KILLED, ["ran out of time" if code is None else f"the process died: {code}"]
        if not self.told.exists():
            message = f"{mutant.name}: pytest ended with {code} and no test failed.\nHint: see {self.log}"
            raise SystemExit(message)
        return KILLED, self.told.read_text(encoding="utf-8").splitlines()

    def _test(self, module: str | None, tests: list[str]) -> int:
        if module and (failed := _failed_examples(module)):
            self.told.write_text(f"{failed}\n", encoding="utf-8")
            return 1
        return int(pytest.main([*_PYTEST, *tests], plugins=[QuickFailure(self.told)])) if tests else 0


def _failed_examples(module: str) -> str:
    """Return why a module's own examples fail; empty where they do not."""
    try:
        failed = doctest.testmod(importlib.import_module(module)).failed
    except Exception as error:  # a changed line may raise anything when it is imported
        return f"its import: {error!r}"
    return "its own examples" if failed else ""
