"""One warm Java machine, and a fresh Python process on it for each mutant.

Starting Spark and importing its packages costs more than most tests. So the parent does both once and forks: a child
imports the rooms afresh, attaches to the running Spark with a session of its own, and is thrown away.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import _pytest.doctest
import hypothesis
import numpy
import pandas
import pyarrow
import pyspark.sql.functions
import pytest
from py4j.java_gateway import JavaGateway
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from fabric_ot.workbench.local.spark import session as local_session

WARM = (_pytest.doctest, hypothesis, numpy, pandas, pyarrow, pyspark.sql.functions, local_session)
"""Imported once for all children."""
_POLL_S = 0.02


class QuickFailure:
    """A pytest plugin: generated inputs are not made smaller after a failure, and the first failure is written down."""

    def __init__(self, told: Path) -> None:
        self.told = told

    def pytest_sessionstart(self) -> None:
        """Runs after tests/conftest.py has chosen its profile, and before a test file is imported."""
        quick = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutants", parent=hypothesis.settings(), phases=quick, database=None)
        hypothesis.settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first failure."""
        if report.failed and not self.told.exists():
            self.told.write_text(f"{report.nodeid}\n{_last_line(report.longreprtext)}", encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be imported is a failure too."""
        if report.failed and not self.told.exists():
            self.told.write_text(f"{report.nodeid}\n{_last_line(report.longreprtext)}", encoding="utf-8")


def _last_line(text: str) -> str:
    told = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return (told or [line for line in text.splitlines() if line.strip()] or [""])[0][:300]


class WarmSpark:
    """The Java machine; started again when it dies, when a child hangs on it and after many children."""

    def __init__(self, folder: Path, *, children: int = 60) -> None:
        self._folder = folder
        self._children = children
        self._served = 0
        self._session: SparkSession | None = None
        self._gateway: JavaGateway | None = None

    def start(self) -> None:
        """Start afresh."""
        self.stop()
        once = {"spark.python.worker.reuse": "false"}  # a worker would remember the mutant before
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        self._session = local_session.start_spark(folder, purpose="tests", settings=once)
        self._session.sparkContext.setLogLevel("OFF")  # mutants fail all the time
        self._gateway = self._session.sparkContext._gateway  # there is no public way to it
        self._served = 0

    def stop(self) -> None:
        """End the Java machine."""
        if self._gateway is None:
            return
        self._gateway.proc.kill()
        self._gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
        SparkSession._instantiatedSession = SparkSession._activeSession = None
        self._session = self._gateway = None

    @property
    def is_alive(self) -> bool:
        """Whether the machine runs."""
        return self._gateway is not None and self._gateway.proc.poll() is None

    def run(self, body: Callable[[], int], *, log: Path, timeout_s: float) -> int | None:
        """Run `body` in a child and return its exit code; None when it took too long."""
        if not self.is_alive or self._served >= self._children:
            self.start()
        self._served += 1
        child = os.fork()
        if child == 0:
            self._live_as_child(body, log)
        ends = time.monotonic() + timeout_s
        try:
            while time.monotonic() < ends:
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    return os.waitstatus_to_exitcode(status)
                time.sleep(_POLL_S)
        except BaseException:
            self._end(child)
            raise
        self._end(child)
        return None

    def _end(self, child: int) -> None:
        """End a child, and the machine with it: its query may still run."""
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.stop()

    def _live_as_child(self, body: Callable[[], int], log: Path) -> None:
        code = 99
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            self._attach()
            importlib.invalidate_caches()
            code = body()
            sys.stdout.flush()
        finally:
            os._exit(code)  # no finalizer of the parent's objects may run here

    def _attach(self) -> None:
        """Give this process its own connection to the machine and its own session."""
        assert self._gateway is not None
        parameters = self._gateway.gateway_parameters
        os.environ["PYSPARK_GATEWAY_PORT"] = str(parameters.port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = parameters.auth_token
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
        SparkSession._instantiatedSession = SparkSession._activeSession = None
        gateway = launch_gateway()
        jvm = gateway.jvm
        running = jvm.org.apache.spark.SparkContext.getOrCreate()
        java_context = jvm.org.apache.spark.api.java.JavaSparkContext.fromSparkContext(running)
        conf = SparkConf(_jconf=java_context.getConf())
        context = SparkContext(gateway=gateway, jsc=java_context, conf=conf)
        SparkSession._instantiatedSession = SparkSession(context).newSession()
        SparkSession.stop = lambda _: None  # type: ignore[method-assign, assignment]
