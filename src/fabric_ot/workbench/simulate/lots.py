"""The lots of the simulated plant: material that became what the machines really made, packed on pallets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.machine import Machine
from fabric_ot.workbench.simulate.records import Row
from fabric_ot.workbench.simulate.shifts import ShiftInstance
from fabric_ot.workbench.simulate.truth import iso_utc

REWORK_ASSET = "berlin-robot-1"
_REWORKED, _REPAIRED = 40, 36
_PALLETS = 5
_SHIPPED = 3
_SPARE = 100


@dataclass(frozen=True)
class Movement:
    """So much of one lot went into another; without an input a receipt, without an output an issue."""

    source: str | None
    target: str | None
    qty: int
    uom: str
    at_ms: int
    asset_id: str | None = None


@dataclass
class LotBook:
    """Every movement of the day, and what is left of lots: scrap and work in process by lot and unit."""

    movements: list[Movement] = field(default_factory=list)
    stocks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def move(self, source: str | None, target: str | None, qty: int, at: int, asset: str | None = None) -> None:
        """Book pieces, if there are any."""
        if qty > 0:
            self.movements.append(Movement(source, target, qty, "pcs", at, asset))

    def keep(self, lot: str, *, scrap: int = 0, wip: int = 0, uom: str = "pcs") -> None:
        """Book what is left of a lot."""
        before = self.stocks.get((lot, uom), (0, 0))
        self.stocks[lot, uom] = before[0] + scrap, before[1] + wip

    def movement_rows(self) -> list[Row]:
        """Return the rows of the reference file of movements."""
        return [
            (f"LM-{n:05d}", m.source, m.target, m.qty, m.uom, iso_utc(m.at_ms), m.asset_id)
            for n, m in enumerate(self.movements, start=1)
        ]

    def stock_rows(self) -> list[Row]:
        """Return the rows of the reference file of stocks."""
        return [(lot, uom, scrap, wip) for (lot, uom), (scrap, wip) in self.stocks.items()]


def book_lots(day: PlantDay) -> LotBook:
    """Return the book: what each machine made in each whole shift, from which material, and on which pallets.

    Each coil is wound on a reel; a machine takes the second reel where the first ends, so a lot may hold both. Lots
    are packed in order, so a pallet may hold several. Some lots do not add up, by amounts that are known.
    """
    book = LotBook()
    for known in day.known:
        if known.machine:
            _book_machine(book, known.machine, day.calendar.whole(known.asset.site_id))
    _book_tank(book, day.calendar.start_ms)
    return book


def _book_machine(book: LotBook, machine: Machine, instances: Sequence[ShiftInstance]) -> None:
    asset, start_ms = machine.asset.asset_id, instances[0].start_ms
    made = [_made(machine, instance) for instance in instances]
    needed = sum(good + scrap for good, scrap in made)
    sizes = (needed * 3 // 5, needed - needed * 3 // 5 + _SPARE)
    left = {f"reel/{asset}/{n}": size for n, size in enumerate(sizes, start=1)}
    for n, (reel, size) in enumerate(left.items(), start=1):
        book.move(None, f"coil/{asset}/{n}", size, start_ms)
        book.move(f"coil/{asset}/{n}", reel, size, start_ms)
    packed = []
    for instance, (good, scrap) in zip(instances, made, strict=True):
        lot = f"lot/{asset}/{instance.production_date.isoformat()}/{instance.shift_id}"
        _take(book, left, lot, good + scrap, instance.end_ms, asset)
        book.keep(lot, scrap=scrap)
        is_reworked = asset == REWORK_ASSET and instance.shift_id == "night" and good > _REWORKED
        packed.append((lot, good - _rework(book, lot, instance, asset) if is_reworked else good, instance.end_ms))
    for reel, rest in left.items():
        book.keep(reel, wip=rest)
    _pack(book, asset, packed)


def _made(machine: Machine, instance: ShiftInstance) -> tuple[int, int]:
    before, after = machine.made_by(instance.start_ms), machine.made_by(instance.end_ms)
    return after[0] - before[0], after[1] - before[1]


def _take(book: LotBook, left: dict[str, int], lot: str, qty: int, at_ms: int, asset: str) -> None:
    for reel, rest in left.items():
        taken = min(rest, qty)
        book.move(reel, lot, taken, at_ms, asset)
        left[reel], qty = rest - taken, qty - taken


def _rework(book: LotBook, lot: str, instance: ShiftInstance, asset: str) -> int:
    """Send some good parts through rework and back into their lot; return how many are lost there."""
    rework = f"rework/{asset}"
    book.move(lot, rework, _REWORKED, instance.end_ms, asset)
    book.move(rework, lot, _REPAIRED, instance.end_ms, asset)
    book.keep(rework, scrap=_REWORKED - _REPAIRED)
    return _REWORKED - _REPAIRED


def _pack(book: LotBook, asset: str, packed: Sequence[tuple[str, int, int]]) -> None:
    capacity = sum(qty for _, qty, _ in packed) // _PALLETS + 1
    filled: dict[str, int] = {}
    number, free = 1, capacity
    for lot, packing, at_ms in packed:
        rest = packing
        while rest:
            pallet = f"pallet/{asset}/{number}"
            taken = min(rest, free)
            book.move(lot, pallet, taken, at_ms)
            filled[pallet] = filled.get(pallet, 0) + taken
            rest, free = rest - taken, free - taken
            if not free:
                number, free = number + 1, capacity
    at_ms = packed[-1][2]
    for n, (pallet, qty) in enumerate(filled.items()):
        if n < _SHIPPED:
            # the first pallet of a machine is shipped with a twentieth less than was packed
            book.move(pallet, None, qty - qty // 20 if n == 0 else qty, at_ms)
        else:
            book.keep(pallet, wip=qty)


def _book_tank(book: LotBook, at_ms: int) -> None:
    """Blend two syrups three to one; more comes out than went in, and a drum is told in two units."""
    for syrup, qty in (("syrup/a", 300), ("syrup/b", 100)):
        book.movements.append(Movement(None, syrup, qty, "l", at_ms))
        book.movements.append(Movement(syrup, "tank/1", qty, "l", at_ms))
    book.movements.append(Movement("tank/1", "drum/1", 310, "l", at_ms))
    book.movements.append(Movement("syrup/c", "drum/1", 12, "kg", at_ms))
    book.movements.append(Movement("drum/1", "bottle/1", 100, "l", at_ms))
    book.keep("tank/1", wip=110, uom="l")
    book.keep("bottle/1", wip=100, uom="l")
