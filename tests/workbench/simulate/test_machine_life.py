"""Machines, timelines and calendars, one by one."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fabric_ot.workbench.simulate.layout import ASSETS, REACTIVE_MODULUS, SITES, site_of
from fabric_ot.workbench.simulate.machine import live
from fabric_ot.workbench.simulate.shifts import site_instances
from fabric_ot.workbench.simulate.timeline import Segment, label_at, paint

SPEAKING = [asset for asset in ASSETS if asset.speech != "silent"]


def life(asset, seed):
    instances = site_instances(site_of(asset), first=date(2026, 3, 28), last=date(2026, 3, 28))
    return live(asset, instances, end_ms=instances[-1].end_ms, rng=Random(seed)), instances


@given(st.sampled_from(SPEAKING), st.integers(0, 10_000))
def test_states_fill_the_window_without_gap_or_repeat(asset, seed):
    machine, instances = life(asset, seed)
    assert machine.states[0].start_ms == instances[0].start_ms
    assert machine.states[-1].end_ms == instances[-1].end_ms
    for before, after in pairwise(machine.states):
        assert before.end_ms == after.start_ms
        assert before.label != after.label


@given(st.sampled_from(SPEAKING), st.integers(0, 10_000), st.data())
def test_parts_are_made_only_while_running_and_never_unmade(asset, seed, data):
    machine, instances = life(asset, seed)
    start, end = instances[0].start_ms, instances[-1].end_ms
    first = data.draw(st.integers(start, end))
    second = data.draw(st.integers(first, end))
    made = [b - a for a, b in zip(machine.made_by(first), machine.made_by(second), strict=True)]
    assert min(made) >= 0
    if label_at(machine.states, first) != "EXECUTE" and label_at(machine.states, second) == label_at(
        machine.states, first
    ):
        segment = next(s for s in machine.states if s.start_ms <= first < s.end_ms)
        assert second >= segment.end_ms or made == [0, 0]


@given(st.sampled_from(SPEAKING), st.integers(0, 10_000))
def test_counters_fall_only_at_a_declared_reset_or_rollover(asset, seed):
    machine, instances = life(asset, seed)
    ticks = range(instances[0].start_ms, instances[-1].end_ms, 60_000)
    falls = [(a, b) for a, b in pairwise(ticks) if machine.counters_at(b)[0] < machine.counters_at(a)[0]]
    if asset.counter_modulus:
        assert machine.counters_at(ticks[0])[0] == asset.counter_start
        assert max(machine.counters_at(t)[0] for t in ticks) < asset.counter_modulus
    else:
        assert all(any(a <= reset < b for reset in machine.resets_ms) for a, b in falls)


def test_every_speaking_machine_has_a_distinct_topic_and_tags():
    tags = [asset.tag_id(field) for asset in ASSETS for field in ("state", "good", "scrap")]
    assert len(set(tags)) == len(tags)
    assert {asset.site_id for asset in ASSETS} == {site.site_id for site in SITES}


def test_paint_keeps_what_it_may_not_cover():
    day = [Segment(0, 10, "EXECUTE"), Segment(10, 20, "HELD"), Segment(20, 30, "EXECUTE")]
    painted = paint(day, 5, 25, "IDLE", over=("EXECUTE",))
    assert [(s.start_ms, s.label) for s in painted] == [
        (0, "EXECUTE"), (5, "IDLE"), (10, "HELD"), (20, "IDLE"), (25, "EXECUTE"),
    ]  # fmt: skip


def test_shift_lengths_follow_the_clock_changes():
    hours = {}
    for site, day in (("berlin", date(2026, 3, 28)), ("berlin", date(2026, 10, 24)), ("denver", date(2026, 3, 7))):
        calendar = next(s for s in SITES if s.site_id == site)
        night = site_instances(calendar, first=day, last=day)[-1]
        hours[site, day.month] = (night.end_ms - night.start_ms) / 3_600_000
    assert hours == {("berlin", 3): 7, ("berlin", 10): 9, ("denver", 3): 7}


def test_a_register_of_reactive_energy_rolls_over_and_its_steps_add_up_to_what_flowed():
    [asset] = [asset for asset in SPEAKING if asset.has_reactive_meter]
    machine, _ = life(asset, 7)
    start, end = machine.states[0].start_ms, machine.states[-1].end_ms
    shown = [machine.reactive_register_at(at) for at in range(start, end + 1, 60_000)]
    steps = [after - before for before, after in pairwise(shown)]
    falls = [step for step in steps if step < 0]
    assert len(falls) >= 1, "it rolls over within a day"
    assert max(shown) < REACTIVE_MODULUS
    flowed = machine.reactive_kvarh_at(end) - machine.reactive_kvarh_at(start)
    assert round(sum(steps) + REACTIVE_MODULUS * len(falls) - flowed, 6) == 0
