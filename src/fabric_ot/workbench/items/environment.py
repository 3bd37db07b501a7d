"""Environments: runtime, Spark compute, Spark settings and libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fabric_ot.workbench.items.source_text import malformed, read_text

COMPUTE_FILE = "Setting/Sparkcompute.yml"
PUBLIC_LIBRARIES_FILE = "Libraries/PublicLibraries/environment.yml"
CUSTOM_LIBRARIES_FOLDER = "Libraries/CustomLibraries"


@dataclass(frozen=True)
class Environment:
    """What a Spark session starts with; `compute` is Sparkcompute.yml as it stands."""

    runtime_version: str
    compute: Mapping[str, Any]
    spark_conf: Mapping[str, str]
    public_libraries: tuple[str, ...]
    custom_libraries: tuple[Path, ...]


def load_environment(folder: Path) -> Environment:
    """Read the environment in `folder`; libraries are optional, the compute file is not.

    Raises:
        ItemError: a file is missing or malformed, or no runtime is pinned.
    """
    path = folder / COMPUTE_FILE
    compute = _read_mapping(path)
    if "runtime_version" not in compute:
        raise malformed(path, 'runtime_version is missing. Hint: pin it ("2.0"), because the default moves.')
    conf = compute.get("spark_conf") or {}
    if not isinstance(conf, dict):
        raise malformed(path, f"spark_conf must be a mapping, found {conf!r}.")
    return Environment(
        runtime_version=str(compute["runtime_version"]),
        compute=compute,
        spark_conf={str(key): _as_spark_text(value) for key, value in conf.items()},
        public_libraries=_public_libraries(folder / PUBLIC_LIBRARIES_FILE),
        custom_libraries=_custom_libraries(folder / CUSTOM_LIBRARIES_FOLDER),
    )


def _public_libraries(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    entries = _read_mapping(path).get("dependencies") or []
    if not isinstance(entries, list):
        raise malformed(path, f"dependencies must be a list, found {entries!r}.")
    found: list[str] = []
    for entry in entries:
        if isinstance(entry, dict) and set(entry) == {"pip"} and isinstance(entry["pip"], list):
            found += [str(requirement) for requirement in entry["pip"]]
        elif isinstance(entry, str):
            found.append(entry)
        else:
            raise malformed(path, f"a dependency is text or a 'pip' list, found {entry!r}.")
    return tuple(found)


def _custom_libraries(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob("*") if path.is_file()))


def _as_spark_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(read_text(path))
    except yaml.YAMLError as exc:
        raise malformed(path, f"not YAML ({exc}).") from exc
    if not isinstance(document, dict):
        raise malformed(path, f"expected a mapping, found {type(document).__name__}.")
    return document
