"""Seeded inputs as Parquet, made with numpy: no Spark, no clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START_US = 1_772_431_200_000_000
"""2026-03-02T06:00:00Z, in microseconds."""

SECOND_US = 1_000_000
_ROWS_PER_FILE = 1_000_000


def put(folder: Path, name: str, columns: dict[str, Any]) -> None:
    """Write columns as files of a million rows, with row groups that two cores can share."""
    table = pa.table(columns)
    (folder / name).mkdir(parents=True)
    for n, first in enumerate(range(0, table.num_rows, _ROWS_PER_FILE)):
        part = table.slice(first, _ROWS_PER_FILE)
        pq.write_table(part, folder / name / f"{n:03d}.parquet", row_group_size=250_000)


def instants(microseconds: Any) -> pa.Array:
    return pa.array(np.asarray(microseconds, dtype="int64"), pa.timestamp("us", tz="UTC"))


def words(numbers: Any, names: list[str]) -> pa.Array:
    """Return the name that belongs to each number."""
    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(numbers, dtype="int32")), pa.array(names))


def same(value: Any, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows)


def nothing(kind: pa.DataType, rows: int) -> pa.Array:
    return pa.nulls(rows, kind)


def put_readings(
    folder: Path,
    *,
    series: Any,
    at_us: Any,
    names: list[str],
    asset_ids: list[str] | None = None,
    numbers: Any = None,
    texts: pa.Array | None = None,
    is_bad: Any = None,
    unit: pa.Array | None = None,
    repeated: float = 0.0,
    seed: int = 11,
) -> None:
    """Write `plant.reading` in order of arrival; the share `repeated` of the rows comes again, later in transport."""
    rows = len(series)
    again = np.flatnonzero(np.random.default_rng(seed).random(rows) < repeated)
    order = np.sort(np.concatenate([np.arange(rows), again]), kind="stable")
    rows, series, at_us = len(order), np.asarray(series)[order], np.asarray(at_us)[order]
    bad = np.zeros(rows, dtype=int) if is_bad is None else np.asarray(is_bad, dtype=int)[order]
    taken = pa.array(order)
    put(
        folder,
        "reading",
        {
            "tag_id": words(series, names),
            "event_time_utc": instants(at_us),
            "source_sequence": same(0, rows),
            "asset_id": words(series, asset_ids or names),
            "value_double": nothing(pa.float64(), rows) if numbers is None else pa.array(np.asarray(numbers)[order]),
            "value_string": nothing(pa.string(), rows) if texts is None else texts.take(taken),
            "unit": nothing(pa.string(), rows) if unit is None else unit.take(taken),
            "quality": words(bad, ["GOOD", "BAD"]),
            "quality_code": nothing(pa.int64(), rows),
            "is_historical": same(False, rows),
            "time_source": same("payload", rows),
            "route": same("hivemq", rows),
            "source_partition": words(
                np.arange(rows) // 50_000, [f"hour/{n:05d}.parquet" for n in range(rows // 50_000 + 1)]
            ),
            "source_offset": pa.array(np.arange(rows) % 50_000),
            "metric_index": pa.array(np.zeros(rows, dtype="int32")),
            "edge_node_id": nothing(pa.string(), rows),
            "arrival_time_utc": instants(at_us + SECOND_US // 4),
            "ingest_batch_id": same("batch_1", rows),
            "event_date": pa.array((at_us // (86_400 * SECOND_US)).astype("int32"), pa.date32()),
        },
    )


def put_shifts(folder: Path, *, assets: list[str], until_us: int) -> int:
    """Write shift instances of 8 h from `START_US`, for each asset, to the first end from `until_us` on; return it.

    In the fifth hour of each is a planned stop of half an hour.
    """
    hour = 3_600 * SECOND_US
    length = 8 * hour
    count = -(-(until_us - START_US) // length)
    starts = START_US + np.arange(count, dtype="int64") * length
    asset, shift = (axis.ravel() for axis in np.meshgrid(np.arange(len(assets)), np.arange(count), indexing="ij"))
    rows = len(asset)
    put(
        folder,
        "asset_shift",
        {
            "asset_id": words(asset, assets),
            "site_id": same("site", rows),
            "shift_id": words(shift % 3, ["day", "late", "night"]),
            "production_date": pa.array((starts[shift] // (86_400 * SECOND_US)).astype("int32"), pa.date32()),
            "start_utc": instants(starts[shift]),
            "end_utc": instants(starts[shift] + length),
        },
    )
    put(
        folder,
        "planned_stop",
        {
            "site_id": same("site", count),
            "shift_id": words(np.arange(count) % 3, ["day", "late", "night"]),
            "production_date": pa.array((starts // (86_400 * SECOND_US)).astype("int32"), pa.date32()),
            "stop_id": same("meal", count),
            "reason": same("Break", count),
            "start_utc": instants(starts + 4 * hour),
            "end_utc": instants(starts + 4 * hour + hour // 2),
        },
    )
    return int(starts[-1] + length)


def steps(rows: int, series: int) -> tuple[Any, Any]:
    """Return the step and the series of each row, in order of time: all series of a step, then the next step."""
    count = np.arange(rows)
    return count // series, count % series


def put_tags(folder: Path, *, names: list[str], asset_ids: list[str], roles: list[str]) -> None:
    rows = len(names)
    put(
        folder,
        "tag",
        {
            "tag_id": names,
            "asset_id": asset_ids,
            "role": roles,
            "data_type": same("double", rows),
            "unit": nothing(pa.string(), rows),
            "counter_modulus": nothing(pa.float64(), rows),
            "valid_from_utc": instants(np.full(rows, START_US - 86_400 * SECOND_US)),
            "valid_to_utc": nothing(pa.timestamp("us", tz="UTC"), rows),
            "is_current": same(True, rows),
        },
    )
