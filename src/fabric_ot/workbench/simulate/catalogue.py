"""Assets and products of the simulated plant as they were told, some late, and the versions that must come out.

Press 2 was moved twice, the first time as somebody remembered only afterwards; and its present place was told twice.
"""

from __future__ import annotations

from random import Random

from fabric_ot.workbench.simulate.day import PlantDay
from fabric_ot.workbench.simulate.layout import ASSETS, METER_ASSET_ID, PRODUCTS, VALID_FROM
from fabric_ot.workbench.simulate.records import Family, Row

_MOVED, _PRESS = "denver-press-2", "Press 2"
_LENT, _SETTLED, _REPEATED = "2024-11-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-09-01T00:00:00Z"
_TIMED, _RETIMED = "P-200", "2026-01-01T00:00:00Z"


def asset_rows() -> list[Row]:
    """Return all assets; of one its earlier place, and at the end what was told late."""
    rows: list[Row] = [(_MOVED, f"{_PRESS} (old hall)", "denver", "forming", "line_0", VALID_FROM)]
    rows += [
        (a.asset_id, a.asset_name, a.site_id, a.area, a.line, _SETTLED if a.asset_id == _MOVED else VALID_FROM)
        for a in ASSETS
    ]
    rows.append((METER_ASSET_ID, "Main meter", "berlin", "utilities", "grid", VALID_FROM))
    rows.append((_MOVED, _PRESS, "denver", "forming", "line_2", _REPEATED))
    rows.append((_MOVED, f"{_PRESS} (on loan)", "denver", "packing", "line_3", _LENT))
    return rows


def product_rows() -> list[Row]:
    """Return all products; one ran slower in earlier years."""
    slower: Row = (_TIMED, "Can 500 ml", 2.0, VALID_FROM)
    since = {_TIMED: _RETIMED}
    return [
        slower,
        *((p.product_id, p.product_name, p.ideal_cycle_s, since.get(p.product_id, VALID_FROM)) for p in PRODUCTS),
    ]


def tell_catalogue(day: PlantDay, rng: Random) -> Family:
    """Return no records, and every version of assets and products."""
    del day, rng
    press = [
        (f"{_PRESS} (old hall), line_0", VALID_FROM, _LENT),
        (f"{_PRESS} (on loan), line_3", _LENT, _SETTLED),
        (f"{_PRESS}, line_2", _SETTLED, None),
    ]
    versions = [("asset", _MOVED, *version) for version in press]
    still = [a for a in ASSETS if a.asset_id != _MOVED]
    versions += [("asset", a.asset_id, f"{a.asset_name}, {a.line}", VALID_FROM, None) for a in still]
    versions.append(("asset", METER_ASSET_ID, "Main meter, grid", VALID_FROM, None))
    versions += [("product", _TIMED, "2.0 s", VALID_FROM, _RETIMED), ("product", _TIMED, "1.5 s", _RETIMED, None)]
    same = [p for p in PRODUCTS if p.product_id != _TIMED]
    versions += [("product", p.product_id, f"{p.ideal_cycle_s} s", VALID_FROM, None) for p in same]
    names = ("kind", "id", "told", "valid_from", "valid_to")
    return Family(truth={"catalogue": [dict(zip(names, version, strict=True)) for version in versions]})
