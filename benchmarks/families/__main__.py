"""CPU seconds of each family against the naive way: `make bench-families ARGS="0.1 1 10 --only readings"`.

Each measurement runs in a process of its own with a fresh JVM; input is made before, and the session has started
and run one query before the clock starts. It runs twice: the second time finds compiled what the first has compiled.
At the first size both ways must give the same result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from benchmarks.families import (
    energy,
    genealogy,
    kpis,
    maintenance,
    production,
    quality,
    readings,
    signals,
    sparkplug,
    spc,
    units,
)
from benchmarks.families.family import Family
from benchmarks.families.same import differences
from benchmarks.processes import machine, tree_cpu_s

_HEADINGS = {"first": " ours CPU s | naive CPU s | ratio |", "again": " ours again | naive again | ratio |"}
ROOT = Path(__file__).resolve().parents[2]
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        readings.FAMILY, sparkplug.FAMILY, signals.MINUTES, signals.GAPS, signals.COMPRESSION, production.STATES,
        production.COUNTERS_FAMILY, spc.FAMILY, energy.DEMAND, energy.COST, kpis.KPIS_FAMILY, kpis.LOSSES,
        units.FAMILY, maintenance.FAMILY, genealogy.FAMILY, quality.FAMILY,
    )
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.families", description=__doc__)
    parser.add_argument("millions", nargs="*", type=float, default=[0.1, 1.0])
    parser.add_argument("--only", nargs="+", metavar="WORD", help="families whose name contains one of these words")
    parser.add_argument("--log", type=Path, help="file to which each measurement is added as a line of JSON")
    parser.add_argument(
        "--once", action="store_true", help="in a new JVM only: for sizes at which a second run is long"
    )
    parser.add_argument("--trust", action="store_true", help="compare no results: they were compared before")
    parser.add_argument("--check", action="store_true", help="measure nothing: both ways in one JVM, results compared")
    parser.add_argument(
        "--measure", nargs=5, metavar=("FAMILY", "WAY", "FOLDER", "MOMENTS", "KEEP"), help=argparse.SUPPRESS
    )
    parsed = parser.parse_args()
    if parsed.measure:
        name, way, folder, moments, keep = parsed.measure
        seen = measure(FAMILIES[name], way, Path(folder), moments=moments.split(","), keep=keep)
        sys.stdout.write(json.dumps(seen) + "\n")
        return
    chosen = [f for f in FAMILIES.values() if not parsed.only or any(word in f.name for word in parsed.only)]
    scratch = Path(os.environ.get("FABRIC_OT_BENCH_DIR") or tempfile.mkdtemp(prefix="bench-families-"))
    if parsed.check:
        check_all(chosen, int(parsed.millions[0] * 1e6), scratch)
        return
    print(machine())
    moments = ("first",) if parsed.once else ("first", "again")
    print("| family | rows |" + "".join(_HEADINGS[moment] for moment in moments) + " naive way |")
    print("|---|" + "---:|" * (1 + 3 * len(moments)) + "---|")
    for millions in parsed.millions:
        for family in chosen:
            is_checked = millions == parsed.millions[0] and not parsed.trust
            row = compare(family, int(millions * 1e6), scratch, moments=moments, check=is_checked)
            told = " | ".join(_pair(row, moment) for moment in moments)
            print(f"| {family.name} | {row['rows']:,} | {told} | {family.naive_way} |", flush=True)
            if parsed.log:
                with parsed.log.open("a") as log:
                    log.write(json.dumps(row) + "\n")


def compare(family: Family, rows: int, scratch: Path, *, moments: Sequence[str], check: bool) -> dict[str, Any]:
    """Measure both ways; where `check`, their results are kept for once and must be the same."""
    folder = scratch / f"{family.name.replace(' ', '-')}-{rows}"
    shutil.rmtree(folder, ignore_errors=True)
    family.land(folder / "input", rows)
    row: dict[str, Any] = {"family": family.name, "rows": rows}
    for way in ("ours", "naive"):
        keep = str(folder / way) if check else ""
        command = [
            sys.executable,
            "-m",
            "benchmarks.families",
            "--measure",
            family.name,
            way,
            str(folder),
            ",".join(moments),
            keep,
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
        seen = json.loads(done.stdout.splitlines()[-1])
        row |= {f"{way}_{name}": value for name, value in seen.items()}
    found = differences(folder / "ours", folder / "naive") if check else []
    if found:
        raise SystemExit(f"{family.name}: the two ways differ\n" + "\n".join(found))
    shutil.rmtree(folder)
    return row


def _pair(row: dict[str, Any], moment: str) -> str:
    ours, naive = row[f"ours_{moment}_cpu_s"], row[f"naive_{moment}_cpu_s"]
    return f"{ours:.1f} | {naive:.1f} | {naive / ours:.2f}"


def check_all(families: Sequence[Family], rows: int, scratch: Path) -> None:
    """Run both ways of each family in this process and say whether their results are the same."""
    from fabric_ot.workbench.local.spark.session import start_spark

    spark = start_spark(scratch / "spark", purpose="volume")
    for family in families:
        folder = scratch / f"check-{family.name.replace(' ', '-')}"
        shutil.rmtree(folder, ignore_errors=True)
        family.land(folder / "input", rows)
        found = []
        try:
            for way, run in (("ours", family.ours), ("naive", family.naive)):
                run(spark, folder / "input", partial(_keep, folder / way))
            found = differences(folder / "ours", folder / "naive")
        except Exception as exc:  # the other families are told too
            found = [f"{type(exc).__name__}: {exc}"]
        print(f"{family.name}: {'same' if not found else 'DIFFERENT'}", *found, sep="\n", flush=True)


def _keep(folder: Path, name: str, frame: DataFrame) -> None:
    frame.write.mode("append").parquet(f"{folder}/{name}")


def _write(family: Family, sink: str, name: str, frame: DataFrame) -> None:
    if family.sink == "delta":
        frame.write.format("delta").mode("append").save(f"{sink}/{name}")
    else:
        frame.write.format("noop").mode("overwrite").save()


def measure(family: Family, way: str, folder: Path, *, moments: Sequence[str], keep: str) -> dict[str, float]:
    from fabric_ot.workbench.local.spark.session import start_spark

    run = family.ours if way == "ours" else family.naive
    with tempfile.TemporaryDirectory(dir=folder) as sink:
        spark = start_spark(Path(sink) / "spark", purpose="volume")
        spark.range(1).count()

        seen = {}
        for moment in moments:
            wall, cpu = time.monotonic(), tree_cpu_s()
            run(spark, folder / "input", partial(_write, family, f"{sink}/{moment}"))
            seen |= {f"{moment}_wall_s": time.monotonic() - wall, f"{moment}_cpu_s": tree_cpu_s() - cpu}
            spark.catalog.clearCache()
        if keep:
            run(spark, folder / "input", partial(_keep, Path(keep)))
        spark.stop()
    return seen


if __name__ == "__main__":
    main()
