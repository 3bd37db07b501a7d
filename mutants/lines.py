"""Which test runs which line of the rooms, and how long it takes: a test that never runs a line cannot judge it."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

Lines = dict[str, set[int]]
"""Module (relative to the package) to its lines."""


@dataclass
class LineRecorder:
    """A pytest plugin that writes down, test by test, the lines of `rooms` below `package` that were run.

    What runs while a test is set up may be a fixture that others share, so it counts for every test of the file.
    """

    package: Path
    rooms: tuple[str, ...]
    lines: dict[str, Lines] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _now: Lines = field(default_factory=lambda: defaultdict(set))
    _modules: dict[CodeType, str] = field(default_factory=dict)

    def _module(self, code: CodeType) -> str:
        if code not in self._modules:
            path = Path(code.co_filename)
            inside = path.is_relative_to(self.package) and path.relative_to(self.package).parts[0] in self.rooms
            self._modules[code] = str(path.relative_to(self.package)) if inside else ""
        return self._modules[code]

    def _trace(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        module = self._module(frame.f_code)
        if not module:
            return None
        seen = self._now[module]
        seen.add(frame.f_lineno)

        def each_line(inner: FrameType, _event: str, _argument: Any) -> Any:
            seen.add(inner.f_lineno)
            return each_line

        return each_line

    def _during(self, owner: str, test: str) -> Iterator[None]:
        started = time.monotonic()
        self._now = self.lines[owner]
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(None)
            self.seconds[test] += time.monotonic() - started

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """Fixtures belong to the whole file."""
        yield from self._during(item.nodeid.partition("::")[0], item.nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """The body belongs to its test."""
        yield from self._during(item.nodeid, item.nodeid)

    def save(self, path: Path) -> None:
        """Write what was seen."""
        lines = {test: {m: sorted(seen) for m, seen in by_module.items()} for test, by_module in self.lines.items()}
        path.write_text(json.dumps({"lines": lines, "seconds": self.seconds}), encoding="utf-8")


@dataclass
class LineMap:
    """What recorders saw, test file by test file, and of which versions of the test file and of the modules it ran."""

    root: Path
    package: Path
    files: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path, package: Path, folder: Path) -> LineMap:
        """Read what was kept in a folder; test files that are gone are left out."""
        kept = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
        return cls(root, package, {one["name"]: one for one in kept if (root / one["name"]).exists()})

    def keep(self, name: str, recorded: Path, folder: Path) -> None:
        """Take over what a recorder saw of one test file, and keep it in a folder."""
        seen = json.loads(recorded.read_text(encoding="utf-8"))
        modules = sorted({module for by_module in seen["lines"].values() for module in by_module})
        digests = {module: digest(self.package / module) for module in modules}
        self.files[name] = {"name": name, "digest": digest(self.root / name), "modules": digests, **seen}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name.replace('/', '.')}.json").write_text(json.dumps(self.files[name]), encoding="utf-8")

    def is_fresh(self, name: str) -> bool:
        """Whether neither the test file nor a module that it runs has changed since."""
        known = self.files.get(name)
        if known is None or known["digest"] != digest(self.root / name):
            return False
        return all(digest(self.package / module) == was for module, was in known["modules"].items())

    def seconds_of(self, tests: Iterable[str]) -> float:
        """How long the tests took when they were recorded."""
        return sum(self.files[test.partition("::")[0]]["seconds"][test] for test in tests)

    def tests_of_lines(self, module: str, lines: Iterable[int]) -> list[str]:
        """Return the tests that run one of the lines, the quickest file first and in it the quickest test."""
        return self._in_order(self._running({module}, frozenset(lines)), frozenset())

    def tests_of_module(self, module: str) -> list[str]:
        """Return the tests that can see what a module defines on import: they run or import it or what imports it."""
        near = {file for file in self.files if module in imports_of(self.root / file, self.package)}
        near |= {test.partition("::")[0] for test in self._running({module}, None)}
        tests = self._running(self._importers(module), None)
        tests |= {test for file in near for test in self.files[file]["seconds"]}
        return self._in_order(tests, near)

    def _running(self, modules: Set[str], lines: frozenset[int] | None) -> set[str]:
        found = set()
        for file, known in self.files.items():
            for test in known["seconds"]:
                for owner in (file, test):
                    seen = known["lines"].get(owner, {})
                    if any(lines is None or lines.intersection(seen[module]) for module in modules & seen.keys()):
                        found.add(test)
        return found

    def _importers(self, module: str) -> set[str]:
        found, new = {module}, {module}
        while new:
            modules = {module for known in self.files.values() for module in known["modules"]} - found
            new = {other for other in modules if imports_of(self.package / other, self.package) & new}
            found |= new
        return found

    def _in_order(self, tests: set[str], near: Set[str]) -> list[str]:
        by_file: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for test in tests:
            file = test.partition("::")[0]
            by_file[file].append((self.files[file]["seconds"][test], test))
        files = sorted(by_file, key=lambda file: (file not in near, min(by_file[file])))
        return [test for file in files for _, test in sorted(by_file[file])]


@cache
def imports_of(path: Path, package: Path) -> frozenset[str]:
    """Return the package's modules that a Python file imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package.name}."):
            base = (node.module or "").removeprefix(f"{package.name}.").replace(".", "/")
            found |= {f"{base}.py", *(f"{base}/{alias.name}.py" for alias in node.names)}
    return frozenset(found)


def digest(path: Path) -> str:
    """Tell one version of a file from another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""
