"""Rows per second and CPU seconds of bronze -> silver -> gold: `make bench ARGS="0.1 1 5"` (millions of messages).

Each size runs in a process of its own over the shipped pipelines; CPU is that of the whole process tree (Python,
JVM, Python workers). Quote ratios between sizes of one run, not seconds: machines differ.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.processes import tree_cpu_s

ROOT = Path(__file__).resolve().parent.parent
PIPELINES = ("pl_bronze_land", "pl_silver_standardize", "pl_silver_analyze", "pl_gold_publish")
ASSETS, SHIFT_START = 40, dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="*", type=float, default=[0.1, 1.0, 5.0])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.one is not None:
        sys.stdout.write(json.dumps(measure(int(parsed.one * 1e6))) + "\n")
        return
    print(f"{'messages':>10} {'step':<24} {'wall s':>8} {'CPU s':>8} {'rows/s':>10} {'CPU us/row':>11}")
    for millions in parsed.millions:
        command = [sys.executable, "-m", "benchmarks.plant_day", "--one", str(millions)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
        result = json.loads(done.stdout.splitlines()[-1])
        for step in [*result["steps"], result["total"]]:
            rate, cost = result["messages"] / step["wall_s"], 1e6 * step["cpu_s"] / result["messages"]
            line = f"{result['messages']:>10,} {step['name']:<24} {step['wall_s']:>8.1f} {step['cpu_s']:>8.1f}"
            print(f"{line} {rate:>10,.0f} {cost:>11.1f}", flush=True)


def measure(messages: int) -> dict[str, object]:
    from fabric_ot.workbench.local.fabric import LocalFabric

    with tempfile.TemporaryDirectory(dir=os.environ.get("FABRIC_OT_BENCH_DIR")) as scratch:
        onelake = Path(scratch) / "onelake"
        as_of = land(onelake / "bronze/ot_bronze.Lakehouse/Files/landing", messages)
        steps = []
        with LocalFabric(ROOT, onelake, purpose="volume") as fabric:
            fabric.spark().range(1).count()
            for name in PIPELINES:
                wall, cpu = time.monotonic(), tree_cpu_s()
                fabric.run_pipeline(name, {"as_of_utc": as_of}).require_success()
                steps.append({"name": name, "wall_s": time.monotonic() - wall, "cpu_s": tree_cpu_s() - cpu})
    total = {"name": "all", **{k: sum(float(s[k]) for s in steps) for k in ("wall_s", "cpu_s")}}
    return {"messages": messages, "steps": steps, "total": total}


def land(folder: Path, messages: int) -> str:
    """Write UNS JSON of one shift as HiveMQ Parquet: states, counters and a temperature of 40 assets."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from fabric_ot.contracts.landing import LandingConfig, TopicRule
    from fabric_ot.workbench.simulate.reference import reference_mappings

    columns = (("topic", "${mqtt-topic}"), ("payload", "${mqtt-payload-utf8}"), ("received_ms", "${timestamp}"))
    config = LandingConfig((TopicRule("acme/#", "uns_json"),), columns, tuple(reference_mappings()))
    folder.mkdir(parents=True)
    (folder / "landing.json").write_text(config.to_json())
    write_reference(folder / "reference")
    start_ms = int(SHIFT_START.timestamp() * 1000)
    per_tag = messages // (ASSETS * 4)
    step_ms = 8 * 3_600_000 / per_tag
    times = start_ms + (np.arange(per_tag) * step_ms).astype("int64")
    generator = np.random.default_rng(7)
    (folder / "hivemq").mkdir()
    for asset in range(ASSETS):
        topics, payloads, received = [], [], []
        good = np.cumsum(generator.integers(0, 3, per_tag))
        scrap = np.cumsum(generator.integers(0, 2, per_tag) == 9)
        states = np.where(generator.random(per_tag) < 0.02, "HELD", "EXECUTE")
        warm = np.round(20 + generator.normal(0, 1, per_tag), 3)
        for tag, values, quote in (("state", states, '"'), ("good", good, ""), ("scrap", scrap, ""), ("t", warm, "")):
            topics += [f"acme/site/area/line/unit{asset}/{tag}"] * per_tag
            payloads += [
                f'{{"timestamp_ms":{t},"value":{quote}{v}{quote}}}' for t, v in zip(times, values, strict=True)
            ]
            received.append(times + 250)
        table = pa.table({"topic": topics, "payload": payloads, "received_ms": np.concatenate(received)})
        pq.write_table(table, folder / "hivemq" / f"{asset:03d}.parquet")
    return (SHIFT_START + dt.timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_reference(folder: Path) -> None:
    from fabric_ot.workbench.simulate.csv_files import write_csv
    from fabric_ot.workbench.simulate.reference import REFERENCE_COLUMNS

    since = "2020-01-01T00:00:00Z"
    roles = (("state", "state", "string"), ("good", "good_counter", "double"), ("scrap", "scrap_counter", "double"))
    tags = [
        (f"acme/site/area/line/unit{asset}/{tag}", f"unit{asset}", role, kind, None, None, since)
        for asset in range(ASSETS)
        for tag, role, kind in (*roles, ("t", "measure", "double"))
    ]
    rows = {
        "site": [("site", "Site", "UTC")],
        "asset": [(f"unit{n}", f"Unit {n}", "site", "area", "line", since) for n in range(ASSETS)],
        "product": [("p", "Product", 1.0, since)],
        "tag": tags,
        "state_category": [("EXECUTE", "production"), ("HELD", "unplanned_down")],
        "shift": [("site", "day", "Day", "06:00:00", "14:00:00")],
        "shift_stop": [],
        "work_order": [],
    }
    folder.mkdir()
    for entity, entity_rows in rows.items():
        write_csv(folder / f"{entity}.csv", REFERENCE_COLUMNS[entity], entity_rows)


if __name__ == "__main__":
    main()
