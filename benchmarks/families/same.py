"""Whether both ways said the same: their results as Parquet, compared as bags of rows."""

from __future__ import annotations

from pathlib import Path

import duckdb


def differences(ours: Path, naive: Path) -> list[str]:
    """Say what differs between two folders of results, in the columns of the naive ones; numbers to six places."""
    found = []
    if sorted(p.name for p in ours.iterdir()) != sorted(p.name for p in naive.iterdir()):
        found.append(f"results: {sorted(p.name for p in ours.iterdir())}, {sorted(p.name for p in naive.iterdir())}")
    for result in sorted(naive.iterdir()):
        sides = [f"read_parquet('{folder / result.name}/**/*.parquet')" for folder in (ours, naive)]
        columns = [_told(name, kind) for name, kind, *_ in duckdb.sql(f"DESCRIBE FROM {sides[1]}").fetchall()]
        a, b = (f"SELECT {', '.join(columns)} FROM {side}" for side in sides)
        counts = [_count(f"FROM {side}") for side in sides]
        missing, extra = _count(f"{b} EXCEPT ALL {a}"), _count(f"{a} EXCEPT ALL {b}")
        if missing or extra or not counts[1]:
            found.append(f"{result.name}: {counts} rows, {missing} only naive, {extra} only ours")
            found += [f"  naive {row}" for row in duckdb.sql(f"{b} EXCEPT ALL {a} LIMIT 3").fetchall()]
            found += [f"  ours  {row}" for row in duckdb.sql(f"{a} EXCEPT ALL {b} LIMIT 3").fetchall()]
    return found


def _told(name: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return f'round("{name}"::DOUBLE, 6) + 0.0 AS "{name}"'
    return f'"{name}"::BIGINT AS "{name}"' if kind in ("INTEGER", "BIGINT") else f'"{name}"'


def _count(query: str) -> int:
    return int(duckdb.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
