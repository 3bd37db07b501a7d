"""What all tests share: the zone is UTC before any JVM starts, random inputs are the same in every run.

`--acceptance 3` (again for more numbers) runs only the tests that are marked as proof of that acceptance check.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Naive datetimes are read in the process's zone; tests must not depend on where they run.
os.environ["TZ"] = "UTC"
time.tzset()

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")

_LONGEST_FIRST = ("plant_day", "jobs", "transforms/production", "transforms/spc", "transforms/energy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--acceptance",
        type=int,
        action="append",
        metavar="NUMBER",
        help="run only the tests of this acceptance check (docs/acceptance-checks.md); may be repeated",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first: two workers that take file after file then end at about the same time."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.as_posix()
        return next((n for n, name in enumerate(_LONGEST_FIRST) if folder.endswith(name)), len(_LONGEST_FIRST))

    items.sort(key=rank)
    asked = config.getoption("--acceptance")
    if asked:
        proofs = [item for item in items if any(mark.args[0] in asked for mark in item.iter_markers("acceptance"))]
        config.hook.pytest_deselected(items=[item for item in items if item not in proofs])
        items[:] = proofs


REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The checkout whose items are tested."""
    return REPOSITORY


def _shared(name: str) -> Path:
    folder = Path(os.environ.get("FABRIC_OT_SHARED", REPOSITORY.parent / "shared")) / name
    if not folder.is_dir():
        pytest.skip(f"the optional folder {name!r} with public data is not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data sets beside the checkout, read in place; skipped where absent."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_schemas() -> Path:
    """Microsoft's JSON schemas beside the checkout; skipped where absent."""
    return _shared("schemas")


@pytest.fixture(scope="session")
def shared_prototypes() -> Path:
    """Recorded answers of reference engines beside the checkout; skipped where absent."""
    return _shared("prototypes")


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of a test run, started by the first test that asks for it."""
    from fabric_ot.workbench.local.spark.session import start_spark

    session = start_spark(tmp_path_factory.mktemp("spark"), purpose="tests")
    yield session
    session.stop()


@pytest.fixture
def spark(spark_session: SparkSession) -> Iterator[SparkSession]:
    """The Spark session, cleaned of caches and temporary views after each test."""
    yield spark_session
    spark_session.catalog.clearCache()
    # `catalog.listTables` is a query of its own, which takes longer than many a test
    views = spark_session._jsparkSession.sessionState().catalog().listLocalTempViews("*")
    for name in [views.apply(n).table() for n in range(views.size())]:
        spark_session.catalog.dropTempView(name)
