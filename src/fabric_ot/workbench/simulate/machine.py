"""How a machine lives: its states, its products, what it makes and how much energy it takes.

This is what really happened. What was reported of it, and what was lost on the way, comes later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from fabric_ot.workbench.simulate.layout import REACTIVE_MODULUS, UNMAPPED_STATE, Asset, ideal_cycle_s
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.timeline import Segment, clip, merge, paint

POWER_KW = {"EXECUTE": 12.0, "SETUP": 6.0, "IDLE": 4.0, "SUSPENDED": 4.0, "COMPLETE": 3.0}
STANDBY_KW = 1.5
REACTIVE_KVAR = {"EXECUTE": 7.5, "SETUP": 4.5, "IDLE": 3.75, "SUSPENDED": 3.75, "COMPLETE": 2.5}
STANDBY_KVAR = 1.0
TEXTBOOK_MADE = 19_271
TEXTBOOK_REJECTED = 423
TEXTBOOK_DOWN_S = 47 * 60
_HALF_MINUTE = 30_000
# a counter near zero is not reset: the fall would not be told from noise
_SMALLEST_RESET_FROM = 50
# state, shortest and longest half minutes, weight
_STOPS = (
    ("HELD", 4, 24, 5),
    ("IDLE", 2, 16, 6),
    ("SUSPENDED", 2, 10, 3),
    ("STOPPED", 10, 30, 1),
    ("ABORTED", 10, 40, 2),
)


@dataclass(frozen=True)
class Piece:
    """Parts made at an even rate in `[start_ms, end_ms)`."""

    start_ms: int
    end_ms: int
    good: int
    scrap: int


@dataclass(frozen=True)
class Machine:
    """One machine's life: `states` and `products` are timelines, `pieces` what it made."""

    asset: Asset
    states: tuple[Segment, ...]
    products: tuple[Segment, ...]
    pieces: tuple[Piece, ...]
    resets_ms: tuple[int, ...]
    _starts: tuple[int, ...] = field(init=False, repr=False, default=())
    _totals: tuple[tuple[int, int], ...] = field(init=False, repr=False, default=())
    _energy: tuple[float, ...] = field(init=False, repr=False, default=())
    _reactive: tuple[float, ...] = field(init=False, repr=False, default=())
    _bases: tuple[tuple[tuple[int, int], ...], ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        """Sum counts and energy up to the start of each piece and state."""
        totals, good, scrap = [], 0, 0
        for piece in self.pieces:
            totals.append((good, scrap))
            good, scrap = good + piece.good, scrap + piece.scrap
        energy, reactive, kwh, kvarh = [], [], 0.0, 0.0
        for segment in self.states:
            energy.append(kwh)
            reactive.append(kvarh)
            kwh, kvarh = kwh + _kwh(segment, segment.end_ms), kvarh + _kvarh(segment, segment.end_ms)
        object.__setattr__(self, "_starts", tuple(piece.start_ms for piece in self.pieces))
        object.__setattr__(self, "_totals", tuple(totals))
        object.__setattr__(self, "_energy", tuple(energy))
        object.__setattr__(self, "_reactive", tuple(reactive))
        object.__setattr__(self, "_bases", (self._find_bases(0), self._find_bases(1)))

    def made_by(self, at_ms: int) -> tuple[int, int]:
        """Return good and scrap parts made since the start, up to and including `at_ms`."""
        position = bisect_right(self._starts, at_ms) - 1
        if position < 0:
            return 0, 0
        piece, (good, scrap) = self.pieces[position], self._totals[position]
        length = piece.end_ms - piece.start_ms
        done = min(at_ms - piece.start_ms, length)
        return good + piece.good * done // length, scrap + piece.scrap * done // length

    def counters_at(self, at_ms: int) -> tuple[int, int]:
        """Return what the machine's counters show: since their last reset, or modulo their width.

        A reset takes effect after its instant: the sample at that instant still shows the old count.
        """
        count, scrap = self._counted_by(at_ms)
        modulus = self.asset.counter_modulus
        if modulus:
            return (self.asset.counter_start + count) % modulus, (self.asset.counter_start + scrap) % modulus
        return count - self._base_at(0, at_ms), scrap - self._base_at(1, at_ms)

    def _counted_by(self, at_ms: int) -> tuple[int, int]:
        good, scrap = self.made_by(at_ms)
        return good + scrap if self.asset.counts_all_parts else good, scrap

    def _find_bases(self, counter: int) -> tuple[tuple[int, int], ...]:
        bases = [(self.pieces[0].start_ms if self.pieces else 0, 0)]
        for reset in self.resets_ms:
            made = self._counted_by(reset)[counter]
            if made - bases[-1][1] > _SMALLEST_RESET_FROM:
                bases.append((reset, made))
        return tuple(bases)

    def _base_at(self, counter: int, at_ms: int) -> int:
        return next((made for reset, made in reversed(self._bases[counter]) if reset < at_ms), 0)

    def energy_kwh_at(self, at_ms: int) -> float:
        """Return the meter's reading, in kWh rounded as the meter shows it."""
        position = self._position(at_ms)
        return round(1000.0 + self._energy[position] + _kwh(self.states[position], at_ms), 3)

    def reactive_kvarh_at(self, at_ms: int) -> float:
        """Return the lagging reactive energy up to an instant in kvarh, rounded as its register is, without a rollover.

        The register shows what is left of it by `REACTIVE_MODULUS`.
        """
        position = self._position(at_ms)
        return round(REACTIVE_MODULUS - 5.0 + self._reactive[position] + _kvarh(self.states[position], at_ms), 3)

    def reactive_register_at(self, at_ms: int) -> float:
        """Return what the register of reactive energy shows, in kvarh."""
        return round(1000 * self.reactive_kvarh_at(at_ms)) % (1000 * REACTIVE_MODULUS) / 1000

    def _position(self, at_ms: int) -> int:
        return max(bisect_right(self.states, at_ms, key=lambda s: s.start_ms) - 1, 0)


def live(asset: Asset, instances: Sequence[ShiftInstance], *, end_ms: int, rng: Random) -> Machine:
    """Let `asset` work from its first shift instance to `end_ms`; the same `rng` gives the same life."""
    start_ms = instances[0].start_ms
    setups = _setups(asset, instances, end_ms)
    states = _ordinary_states(rng, start_ms, end_ms)
    for setup_start, setup_end in setups:
        # a run on both sides, so that each product is made in each shift where it is on the machine
        states = paint(states, setup_start - 45 * 60_000, setup_end + 45 * 60_000, "EXECUTE")
        states = paint(states, setup_start, setup_end, "SETUP")
    if asset.has_unmapped_state:
        states = paint(states, start_ms + 6_000_000, start_ms + 6_360_000, UNMAPPED_STATE)
    textbook = next((i for i in instances if i.shift_id == "day"), None) if asset.is_textbook else None
    if textbook:
        states = _textbook_states(states, textbook)
    if not asset.runs_through_breaks:
        for stop_start, stop_end in (stop for instance in instances for stop in instance.stops):
            states = paint(states, stop_start, stop_end, "IDLE", over=("EXECUTE",))
    states = clip(states, start_ms, end_ms)
    products = _products(asset, setups, start_ms, end_ms)
    pieces = _pieces(rng, states, products, instances, textbook)
    return Machine(asset, tuple(states), tuple(products), tuple(pieces), _resets(asset, instances, states))


def _kwh(segment: Segment, at_ms: int) -> float:
    return POWER_KW.get(segment.label, STANDBY_KW) * (min(at_ms, segment.end_ms) - segment.start_ms) / 3_600_000


def _kvarh(segment: Segment, at_ms: int) -> float:
    kvar = REACTIVE_KVAR.get(segment.label, STANDBY_KVAR)
    return kvar * (min(at_ms, segment.end_ms) - segment.start_ms) / 3_600_000


def _setups(asset: Asset, instances: Sequence[ShiftInstance], end_ms: int) -> list[tuple[int, int]]:
    found = []
    for change in asset.changes:
        for instance in instances:
            start = instance.start_ms + change.offset_s * 1000
            if instance.shift_id == change.shift_id and instance.end_ms <= end_ms:
                found.append((start, start + change.setup_s * 1000))
    return sorted(found)


def _ordinary_states(rng: Random, start_ms: int, end_ms: int) -> list[Segment]:
    segments, at = [], start_ms
    weights = [stop[3] for stop in _STOPS]
    while at < end_ms:
        run = at + rng.randint(30, 160) * _HALF_MINUTE
        segments.append(Segment(at, run, "EXECUTE"))
        state, shortest, longest, _ = rng.choices(_STOPS, weights)[0]
        at = run + rng.randint(shortest, longest) * _HALF_MINUTE
        segments.append(Segment(run, at, state))
    return clip(merge(segments), start_ms, end_ms)


def _textbook_states(states: list[Segment], shift: ShiftInstance) -> list[Segment]:
    minute = 60_000
    painted = paint(states, shift.start_ms, shift.end_ms, "EXECUTE")
    for offset, length in ((30, 12), (200, 25), (400, 10)):
        start = shift.start_ms + offset * minute
        painted = paint(painted, start, start + length * minute, "HELD" if length < 20 else "ABORTED")
    return painted


def _products(asset: Asset, setups: Sequence[tuple[int, int]], start_ms: int, end_ms: int) -> list[Segment]:
    borders = [start_ms, *((start + end) // 2 for start, end in setups), end_ms]
    names = [asset.products[n % len(asset.products)] for n in range(len(borders) - 1)]
    return [Segment(a, b, name) for (a, b), name in zip(pairwise(borders), names, strict=True)]


def _pieces(
    rng: Random,
    states: Sequence[Segment],
    products: Sequence[Segment],
    instances: Sequence[ShiftInstance],
    textbook: ShiftInstance | None,
) -> list[Piece]:
    borders = sorted({instance.end_ms for instance in instances})
    runs = [run for run in states if run.label == "EXECUTE"]
    parts = [part for run in runs for part in _cut(run, borders)]
    scripted = [p for p in parts if textbook and textbook.start_ms <= p.start_ms < textbook.end_ms]
    pieces = _scripted_pieces(scripted)
    for part in (p for p in parts if p not in scripted):
        product = next(p.label for p in products if p.start_ms <= part.start_ms < p.end_ms)
        made = int((part.end_ms - part.start_ms) / 1000 / ideal_cycle_s(product) * rng.uniform(0.78, 0.97))
        scrap = round(made * rng.uniform(0.005, 0.04))
        pieces.append(Piece(part.start_ms, part.end_ms, made - scrap, scrap))
    return sorted(pieces, key=lambda piece: piece.start_ms)


def _cut(run: Segment, borders: Sequence[int]) -> list[Segment]:
    cuts = [run.start_ms, *(border for border in borders if run.start_ms < border < run.end_ms), run.end_ms]
    return [Segment(a, b, run.label) for a, b in pairwise(cuts)]


def _scripted_pieces(parts: Sequence[Segment]) -> list[Piece]:
    total_ms = sum(part.end_ms - part.start_ms for part in parts)
    pieces, done_ms = [], 0
    for part in parts:
        before, done_ms = done_ms, done_ms + part.end_ms - part.start_ms
        made = TEXTBOOK_MADE * done_ms // total_ms - TEXTBOOK_MADE * before // total_ms
        scrap = TEXTBOOK_REJECTED * done_ms // total_ms - TEXTBOOK_REJECTED * before // total_ms
        pieces.append(Piece(part.start_ms, part.end_ms, made - scrap, scrap))
    return pieces


def _resets(asset: Asset, instances: Sequence[ShiftInstance], states: Sequence[Segment]) -> tuple[int, ...]:
    if asset.reset == "each_shift":
        return tuple(instance.end_ms for instance in instances)
    if asset.reset == "after_abort":
        return tuple(segment.start_ms for segment in states if segment.label == "ABORTED")
    return ()
