"""What the docstrings say under `Cost`: shuffles, broadcasts and Python workers, as the plans tell. Nothing runs."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest
from pyspark.sql import functions as sf

from fabric_ot.contracts.bronze import MESSAGE
from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.silver import (
    ASSET,
    COUNT_DELTA,
    ENERGY_INTERVAL,
    PLANNED_STOP,
    PRODUCT,
    PRODUCTION,
    READING,
    SHIFT_INSTANCE,
    STATE_CATEGORY,
    STATE_INTERVAL,
    STATE_TIME,
    TAG,
)
from fabric_ot.contracts.silver_genealogy import LOT_MOVEMENT
from fabric_ot.contracts.silver_maintenance import MAINTENANCE_ORDER
from fabric_ot.contracts.table import Table
from fabric_ot.transforms.energy.indicators import rollup_load, to_demand
from fabric_ot.transforms.energy.parts import to_state_energy
from fabric_ot.transforms.energy.tariffs import rollup_energy_cost, to_energy_cost
from fabric_ot.transforms.genealogy.lots import to_lot_edges
from fabric_ot.transforms.intervals import join_covering, join_overlaps, keep_overlapping, to_runs
from fabric_ot.transforms.maintenance.failures import split_orders
from fabric_ot.transforms.maintenance.matches import to_failure_matches
from fabric_ot.transforms.messages.decoders import with_decoder
from fabric_ot.transforms.messages.quarantine import rollup_messages, to_quarantine
from fabric_ot.transforms.messages.readings import join_catalogue
from fabric_ot.transforms.messages.uns_json import to_uns_samples
from fabric_ot.transforms.production.facts import to_shift_counts
from fabric_ot.transforms.production.losses import rollup_losses, to_loss_tree, with_losses
from fabric_ot.transforms.samples import join_tags
from fabric_ot.transforms.signals.compression import keep_exceptions, keep_swinging_door
from fabric_ot.transforms.signals.skew import rollup_clock_skew
from fabric_ot.transforms.sparkplug.definitions import to_definitions
from fabric_ot.transforms.sparkplug.metrics import to_metric_samples
from fabric_ot.transforms.sparkplug.payloads import with_payload
from fabric_ot.transforms.sparkplug.sequence import with_sequence
from fabric_ot.transforms.sparkplug.topics import with_edge_node
from fabric_ot.transforms.spc.rules import with_fired_rules
from fabric_ot.transforms.states.runs import to_state_intervals
from fabric_ot.transforms.states.segments import to_asset_shifts, to_state_time
from fabric_ot.transforms.units.conversion import UNIT_COLUMNS, unit_rows, with_value_in_unit

pytestmark = pytest.mark.spark

CONFIG = LandingConfig((TopicRule("acme/#", "uns_json"), TopicRule("spBv1.0/#", "sparkplug")))
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
POINTS = (
    "chart_id string, statistic string, run_id string, event_time_utc timestamp, value double, center double, "
    "sigma double, ucl double, lcl double"
)
RULES = "upper_limit double, lower_limit double, max_rate_per_s double, stuck_after_s double, flat_tolerance double"
PERIODS = "tariff_id string, period string, price_per_kwh decimal(12,6), start_utc timestamp, end_utc timestamp"
RUNS = "asset_id string, product_id string, start_utc timestamp, end_utc timestamp"
PYTHON = ("MapInArrow", "BatchEvalPython", "ArrowEvalPython", "FlatMapGroupsInPandas", "FlatMapGroupsInArrow")


class Frames:
    """Empty frames: enough for a plan."""

    def __init__(self, spark) -> None:
        self.spark = spark

    def of(self, table: Table | str):
        return self.spark.createDataFrame([], table if isinstance(table, str) else table.spark_ddl())

    def __getattr__(self, name: str):
        tables = {
            "messages": MESSAGE, "readings": READING, "tags": TAG, "assets": ASSET, "products": PRODUCT,
            "intervals": STATE_INTERVAL, "categories": STATE_CATEGORY, "deltas": COUNT_DELTA, "energy": ENERGY_INTERVAL,
            "instances": SHIFT_INSTANCE, "stops": PLANNED_STOP, "state_time": STATE_TIME, "production": PRODUCTION,
            "orders": MAINTENANCE_ORDER, "movements": LOT_MOVEMENT,
        }  # fmt: skip
        return self.of(tables[name])

    @property
    def shifts(self):
        return to_asset_shifts(self.instances, self.assets)

    @property
    def segments(self):
        return self.of(
            "asset_id string, site_id string, shift_id string, production_date date, start_utc timestamp, "
            "end_utc timestamp, state string, time_category string, product_id string, is_planned_stop boolean, "
            "duration_us bigint"
        )

    @property
    def samples(self):
        decoded = to_uns_samples(with_decoder(self.messages, CONFIG))
        return join_catalogue(decoded, self.tags)

    @property
    def placed(self):
        named = with_edge_node(with_decoder(self.messages, CONFIG))
        placed = with_sequence(with_payload(named).withColumn("epoch_before", sf.lit(0)))
        return self.of(", ".join(f"{n} {t}" for n, t in placed.dtypes))  # as the job stages it

    @property
    def costs(self):
        return to_energy_cost(self.energy.withColumn("tariff_id", sf.lit("t")), self.of(PERIODS))


def shuffled(plan: Callable, **claims: int):
    """Claim nodes of the plan; what is not named must not be there: shuffles, sorted joins, Python workers."""
    return plan, claims


CLAIMS = {
    "catalogue": shuffled(lambda f: f.samples, BroadcastHashJoin=1),
    "outcomes": shuffled(lambda f: rollup_messages(f.samples), BroadcastHashJoin=2, HashPartitioning=1),
    "quarantine": shuffled(
        lambda f: to_quarantine(f.samples, f.messages), BroadcastHashJoin=1, SortMergeJoin=1, HashPartitioning=2
    ),
    "few_refused": shuffled(lambda f: to_quarantine(f.samples, f.messages, is_few=True), BroadcastHashJoin=2),
    "definitions": shuffled(lambda f: to_definitions(f.placed), HashPartitioning=1),
    "metric_samples": shuffled(
        lambda f: to_metric_samples(f.placed, to_definitions(f.placed)), HashPartitioning=2, SortMergeJoin=1
    ),
    "tags": shuffled(lambda f: join_tags(f.readings, f.tags), BroadcastHashJoin=1),
    "runs": shuffled(
        lambda f: to_runs(f.readings, keys=("asset_id",), value="value_string", horizon_utc=NOON), HashPartitioning=1
    ),
    "overlaps": shuffled(lambda f: join_overlaps(f.of(RUNS), f.shifts, on=("asset_id",)), BroadcastHashJoin=2),
    "covering": shuffled(
        lambda f: join_covering(f.deltas.drop("product_id"), f.of(RUNS), on=("asset_id",), at="event_time_utc"),
        BroadcastHashJoin=1,
    ),
    "overlapping": shuffled(lambda f: keep_overlapping(f.of(RUNS), on=("asset_id",)), HashPartitioning=1),
    "exceptions": shuffled(lambda f: keep_exceptions(f.readings, deadband=1.0), HashPartitioning=1),
    "swinging_door": shuffled(lambda f: keep_swinging_door(f.readings, error=1.0), HashPartitioning=1),
    "clock_skew": shuffled(lambda f: rollup_clock_skew(f.readings), HashPartitioning=1),
    "state_intervals": shuffled(
        lambda f: to_state_intervals(f.readings, f.categories, horizon_utc=NOON),
        HashPartitioning=1,
        BroadcastHashJoin=1,
    ),
    "state_time": shuffled(lambda f: to_state_time(f.segments), HashPartitioning=1),
    "shift_counts": shuffled(
        lambda f: to_shift_counts(f.deltas, f.shifts, f.tags), HashPartitioning=2, BroadcastHashJoin=3
    ),
    "losses": shuffled(lambda f: with_losses(f.production)),
    "losses_by_asset": shuffled(lambda f: rollup_losses(f.production, by=["asset_id"]), HashPartitioning=1),
    "loss_tree": shuffled(lambda f: to_loss_tree(f.production, by=["asset_id"]), HashPartitioning=1),
    "spc_rules": shuffled(lambda f: with_fired_rules(f.of(POINTS)), HashPartitioning=1),
    "demand": shuffled(lambda f: to_demand(f.energy), HashPartitioning=1),
    "load": shuffled(lambda f: rollup_load(to_demand(f.energy), by=["tag_id"]), HashPartitioning=2),
    "energy_cost": shuffled(lambda f: f.costs, HashPartitioning=1, BroadcastHashJoin=1),
    "cost_by_tariff": shuffled(
        lambda f: rollup_energy_cost(f.costs, by=["tariff_id"]), HashPartitioning=2, BroadcastHashJoin=1
    ),
    "state_energy": shuffled(lambda f: to_state_energy(f.energy, f.intervals), HashPartitioning=1, BroadcastHashJoin=1),
    "units": shuffled(
        lambda f: with_value_in_unit(
            f.readings, f.spark.createDataFrame(unit_rows(), UNIT_COLUMNS), to_unit=sf.col("tag_id")
        ),
        BroadcastHashJoin=2,
    ),
    "failure_matches": shuffled(lambda f: to_failure_matches(f.of(FAILURES), f.orders), HashPartitioning=1),
    "good_orders": shuffled(lambda f: split_orders(f.orders)[0], HashPartitioning=1),
    "lot_edges": shuffled(lambda f: to_lot_edges(f.movements), HashPartitioning=1),
}
FAILURES = (
    "asset_id string, failure_start_utc timestamp, failure_end_utc timestamp, failure_s double, state string, "
    "is_open boolean"
)


def nodes_of(plan) -> Counter[str]:
    """Count the nodes of a JVM plan; its text is cut at a length, the tree is not."""
    name = plan.nodeName()
    if name == "Exchange":
        name = plan.outputPartitioning().getClass().getSimpleName()
    children = plan.children()
    below = (nodes_of(children.apply(n)) for n in range(children.size()))
    return sum(below, Counter([name]))


@pytest.mark.parametrize("name", CLAIMS)
def test_the_plan_costs_what_the_docstring_says(spark, name: str) -> None:
    plan, claims = CLAIMS[name]
    found = nodes_of(plan(Frames(spark))._jdf.queryExecution().executedPlan())
    watched = ("HashPartitioning", "BroadcastHashJoin", "SortMergeJoin", "BroadcastNestedLoopJoin", *PYTHON)
    assert {node: found[node] for node in watched if found[node]} == claims
