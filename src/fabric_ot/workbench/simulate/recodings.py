"""Re-codings of the simulated day, and the state evidence and time account that must come out."""

from __future__ import annotations

from random import Random
from typing import Any

from fabric_ot.contracts.roles import NO_SIGNAL
from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.evidence import Recoding, category_of
from fabric_ot.workbench.simulate.facts import KnownAsset
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.timeline import overlap_ms
from fabric_ot.workbench.simulate.truth import iso_utc

Rows = list[dict[str, Any]]


def tell_recodings(day: PlantDay, _rng: Random) -> Family:
    """Return what people said about stops, rows to refuse, and what must come out."""
    said = [recoding for known in day.known for recoding in known.recodings]
    first = said[0]
    good = [_row(recoding) for recoding in reversed(said)]
    backwards = ("RC-9001", first.asset_id, iso_utc(first.end_ms), iso_utc(first.start_ms), *good[-1][4:])
    elsewhere = ("RC-9002", "denver-mixer-9", *good[-1][2:])
    unknown = ("RC-9003", *good[-1][1:5], "coffee", *good[-1][6:])
    bad = (
        (backwards, "times_out_of_order"),
        (elsewhere, "reference_not_found"),
        (unknown, "row_does_not_fit_mapping"),
    )
    accounts = [
        _account(known, instance) for known in day.known for instance in day.calendar.whole(known.asset.site_id)
    ]
    evidence = [row for known in day.known for row in _evidence(known, day.calendar.as_of_ms)]
    return Family((Records("state_recoding", good, bad),), {"state_evidence": evidence, "time_account": accounts})


def _row(said: Recoding) -> Row:
    return (
        said.recoding_id, said.asset_id, iso_utc(said.start_ms), iso_utc(said.end_ms), said.reason_code,
        said.time_category, iso_utc(said.recorded_ms), said.recorded_by,
    )  # fmt: skip


def _evidence(known: KnownAsset, as_of_ms: int) -> Rows:
    told = known.told_states()
    return [
        {
            "asset_id": known.asset.asset_id,
            "start_ms": piece.start_ms,
            "state": piece.label,
            "time_category": piece.category,
            "measured_category": category_of(piece.label),
            "recoding_id": piece.recoding.recoding_id if piece.recoding else None,
            "recorded_by": piece.recoding.recorded_by if piece.recoding else None,
            "recorded_ms": piece.recoding.recorded_ms if piece.recoding else None,
            "duration_s": ((as_of_ms if piece is told[-1] else piece.end_ms) - piece.start_ms) / 1000,
        }
        for piece in told
    ]


def _account(known: KnownAsset, instance: ShiftInstance) -> dict[str, Any]:
    window = [(instance.start_ms, instance.end_ms)]
    seconds = {"told_s": 0.0, "no_signal_s": 0.0}
    for segment in known.known_states():
        name = "no_signal_s" if segment.label == NO_SIGNAL else "told_s"
        seconds[name] += overlap_ms(segment.start_ms, segment.end_ms, window) / 1000
    calendar_s = (instance.end_ms - instance.start_ms) / 1000
    return {
        "asset_id": known.asset.asset_id,
        "shift_id": instance.shift_id,
        "production_date": instance.production_date.isoformat(),
        "calendar_s": calendar_s,
        **seconds,
        "gap_s": calendar_s - sum(seconds.values()),
        "overlap_s": 0.0,
        "difference_s": 0.0,
    }
