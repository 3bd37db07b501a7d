"""The doctor says what is missing and what to type, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabric_ot.workbench.local import doctor
from fabric_ot.workbench.local.spark import java


def test_a_working_environment_is_well_in_every_part(repository_root: Path) -> None:
    findings = {finding.part: finding for finding in doctor.examine(repository_root)}
    assert {"Python", "pyspark", "Fabric runtime", "Java", "Delta jars", "Fabric items"} <= set(findings)
    assert findings["Fabric items"].is_well
    assert findings["Fabric runtime"].found in ("2.0 (Spark 4.1.1)", "1.3 (Spark 3.5.5)")


def test_a_missing_java_and_missing_jars_come_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "installed_homes", list)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("FABRIC_OT_CACHE", str(tmp_path / "cache"))
    findings = {finding.part: finding for finding in doctor.examine(tmp_path)}
    assert not findings["Java"].is_well
    assert "fabric-ot[jre]" in findings["Java"].hint
    assert not findings["Delta jars"].is_well
    assert "delta-spark" in findings["Delta jars"].found
    assert not findings["Fabric items"].is_well
    assert not (tmp_path / "cache").exists()
