"""Genealogy in the simulated plant: the records of lots, rows to refuse, and each lot's true trace, mix and balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.lots import LotBook, Movement, book_lots
from fabric_ot.workbench.simulate.records import Family, Records, Row
from fabric_ot.workbench.simulate.truth import iso_utc

_DAY_MS = 86_400_000
_TOLERANCE = 0.005
_MIXED = "drum/1"


def tell_genealogy(day: PlantDay, _: Random) -> Family:
    """Return the movements and stocks of the day's lots, what must be found, and rows that must be refused."""
    book = book_lots(day)
    edges = [(m.source, m.target) for m in book.movements if m.source and m.target]
    backward = [(target, source) for source, target in edges]
    at, ahead = iso_utc(day.calendar.start_ms), iso_utc(day.calendar.horizon_ms + _DAY_MS)
    return Family(
        (
            Records("lot_movement", book.movement_rows(), _bad_movements(at, ahead)),
            Records("lot_stock", book.stock_rows(), [(("reel/old", "pcs", 0, -5), "stock_negative")]),
        ),
        {
            "lot_trace": [*_traces("forward", edges), *_traces("backward", backward)],
            "lot_blend": _blends(book.movements),
            "mass_balance": _balances(book),
        },
    )


def _traces(direction: str, edges: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Walk from each lot, a ring of lots at a time; of several shortest ways the first by name is told."""
    following: dict[str, set[str]] = defaultdict(set)
    for source, target in edges:
        following[source].add(target)
    rows = []
    for lot in sorted(following):
        found: dict[str, list[str]] = {}
        ring = {lot: [lot]}
        while ring:
            reached: dict[str, list[str]] = {}
            for at, path in ring.items():
                for target in following.get(at, ()):
                    if target not in found:
                        reached[target] = min(reached.get(target, [*path, target]), [*path, target])
            found |= reached
            ring = reached
        rows += [
            {
                "direction": direction,
                "lot_id": lot,
                "reached_lot": target,
                "path": " > ".join(path),
                "depth": len(path) - 1,
                "is_cycle": target == lot,
                "is_truncated": False,
            }
            for target, path in sorted(found.items())
        ]
    return rows


def _blends(movements: Sequence[Movement]) -> list[dict[str, Any]]:
    """Solve the equations of mixing: each lot is the mean of its inputs by quantity; rework in steady state."""
    inputs: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for m in movements:
        if m.source and m.target:
            inputs[m.target][m.source] += m.qty
    # a lot of several units is not walked through: it is an origin like one without inputs
    mixed = {lot: parts for lot, parts in inputs.items() if lot != _MIXED}
    weights = {lot: {s: qty / sum(parts.values()) for s, qty in parts.items()} for lot, parts in mixed.items()}
    shares = {lot: _solve(lot, weights) for lot in inputs}
    return [
        {"lot_id": lot, "origin_lot": origin, "origin_kind": _kind(origin), "fraction": part, "residual": 0.0}
        for lot, parts in sorted(shares.items())
        for origin, part in sorted(parts.items())
    ]


def _kind(origin: str) -> str:
    return "unweighed" if origin == _MIXED else "source"


def _solve(lot: str, weights: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Replace one lot after the other by its inputs; a share of itself divides what is left of it."""
    parts = {lot: 1.0}
    done: dict[str, dict[str, float]] = {}
    while inner := [name for name in parts if name in weights]:
        name = min(inner)
        own = dict(weights[name])
        for before, known in done.items():
            share = own.pop(before, 0.0)
            for origin, part in known.items():
                own[origin] = own.get(origin, 0.0) + share * part
        loop = own.pop(name, 0.0)
        own = {origin: part / (1.0 - loop) for origin, part in own.items() if part}
        for known in done.values():
            share = known.pop(name, 0.0)
            for origin, part in own.items():
                known[origin] = known.get(origin, 0.0) + share * part
        done[name] = own
        share = parts.pop(name)
        for origin, part in own.items():
            parts[origin] = parts.get(origin, 0.0) + share * part
    return {origin: part for origin, part in parts.items() if part}


def _balances(book: LotBook) -> list[dict[str, Any]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    units: dict[str, set[str]] = defaultdict(set)
    for m in book.movements:
        for lot, column in ((m.target, 0), (m.source, 1)):
            if lot:
                sums[lot][column] += m.qty
                units[lot].add(m.uom)
    for (lot, uom), (scrap, wip) in book.stocks.items():
        sums[lot][2] += scrap
        sums[lot][3] += wip
        units[lot].add(uom)
    return [_balance(lot, sums[lot], units[lot]) for lot in sorted(sums)]


def _balance(lot: str, sums: Sequence[int], units: set[str]) -> dict[str, Any]:
    names = ("in_qty", "out_qty", "scrap_qty", "wip_qty")
    if len(units) > 1:
        return {"lot_id": lot, "uom": None, "status": "undefined", **dict.fromkeys((*names, "difference_qty"))}
    difference = sums[0] - sum(sums[1:])
    status = "lost" if difference > 0 else "gained"
    status = "balanced" if abs(difference) <= _TOLERANCE * sums[0] else status
    told = dict(zip(names, sums, strict=True))
    return {"lot_id": lot, "uom": min(units), "status": status, **told, "difference_qty": difference}


def _bad_movements(at: str, ahead: str) -> list[tuple[Row, str]]:
    return [
        (("LM-90001", "coil/x", "reel/x", 0, "pcs", at, None), "quantity_not_positive"),
        (("LM-90002", "coil/x", "reel/x", 10, None, at, None), "quantity_without_unit"),
        (("LM-90003", "coil/x", "reel/x", 10, "pcs", ahead, None), "movement_in_the_future"),
        (("LM-90004", "coil/x", "reel/x", 10, "pcs", at, "berlin-slitter-9"), "reference_not_found"),
        (("LM-90005", "coil/x", "reel/x", "ten", "pcs", at, None), "row_does_not_fit_mapping"),
    ]
