"""One simulated day for the tests that only read it."""

from __future__ import annotations

import pytest

from fabric_ot.workbench.simulate.plant import simulate_plant


@pytest.fixture(scope="session")
def plant_day(tmp_path_factory):
    """Landing folder and truth of the default day, with a fifth of its messages."""
    out = tmp_path_factory.mktemp("plant") / "landing"
    return out, simulate_plant(out, scale=0.2)
