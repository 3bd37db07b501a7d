"""Environments: a runtime and sizes that Fabric has, libraries that are pinned, the wheel of this source."""

from __future__ import annotations

from collections.abc import Iterator

import fabric_ot
from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.environment import (
    COMPUTE_FILE,
    PUBLIC_LIBRARIES_FILE,
    Environment,
    load_environment,
)
from fabric_ot.workbench.items.repository import Repository

RUNTIMES = ("1.3", "2.0")
MEMORY_OF_CORES = {4: "28g", 8: "56g", 16: "112g", 32: "224g", 64: "400g"}
"""The node sizes: Small, Medium, Large, XLarge, XXLarge."""


def environments_read(repository: Repository) -> Iterator[Finding]:
    """YAML that Fabric cannot read fails a publish that takes twenty minutes."""
    yield from reading_problems(repository.of_type("Environment"), load_environment)


def environments_pin_a_runtime(repository: Repository) -> Iterator[Finding]:
    """Only the runtimes that the tests run on."""
    for item, environment in load_each(repository.of_type("Environment"), load_environment):
        if environment.runtime_version not in RUNTIMES:
            found = environment.runtime_version
            yield item.folder / COMPUTE_FILE, f"runtime_version {found!r} is not supported: {', '.join(RUNTIMES)}."


def environment_sizes_are_legal(repository: Repository) -> Iterator[Finding]:
    """Fabric has five node sizes; cores and memory go together."""
    for item, environment in load_each(repository.of_type("Environment"), load_environment):
        for message in (*_size_problems(environment), *_allocation_problems(environment)):
            yield item.folder / COMPUTE_FILE, message


def environment_libraries_are_pinned(repository: Repository) -> Iterator[Finding]:
    """Without `==` two publishes of one commit give two environments."""
    for item, environment in load_each(repository.of_type("Environment"), load_environment):
        for library in environment.public_libraries:
            if "==" not in library:
                yield item.folder / PUBLIC_LIBRARIES_FILE, f"{library!r} is not pinned. Hint: write name==version."


def environment_wheel_is_this_version(repository: Repository) -> Iterator[Finding]:
    """An older wheel left in the folder would be deployed with newer notebooks."""
    for _, environment in load_each(repository.of_type("Environment"), load_environment):
        for path in environment.custom_libraries:
            name, _, rest = path.name.partition("-")
            if name == "fabric_ot" and rest.partition("-")[0] != fabric_ot.__version__:
                yield path, f"is not version {fabric_ot.__version__}. Hint: delete it and run fabric-ot build."


def _size_problems(environment: Environment) -> Iterator[str]:
    for role in ("driver", "executor"):
        cores, memory = environment.compute.get(f"{role}_cores"), environment.compute.get(f"{role}_memory")
        if (cores, memory) not in MEMORY_OF_CORES.items():
            legal = ", ".join(f"{c} with {m}" for c, m in MEMORY_OF_CORES.items())
            yield f"{role}_cores {cores} with {role}_memory {memory} is no node size. Known: {legal}."


def _allocation_problems(environment: Environment) -> Iterator[str]:
    allocation = environment.compute.get("dynamic_executor_allocation", {})
    if not isinstance(allocation, dict):
        yield f"dynamic_executor_allocation must be a mapping, found {allocation!r}."
        return
    low, high = allocation.get("min_executors", 1), allocation.get("max_executors", 1)
    if not (isinstance(low, int) and isinstance(high, int) and 1 <= low <= high):
        yield f"executors {low} to {high}: needs 1 <= min_executors <= max_executors."
