"""CPU time as every benchmark counts it: that of the whole process tree."""

from __future__ import annotations

import os
from pathlib import Path


def tree_cpu_s() -> float:
    """CPU seconds of this process and all below it, ended children included."""
    ticks, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    mine, total = {os.getpid()}, 0
    while True:
        more = {pid for pid, parent in parents.items() if parent in mine} - mine
        if not more:
            break
        mine |= more
    total = sum(ticks.get(pid, 0) for pid in mine)
    return total / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """Say in one line what the figures were seen on."""
    import pyspark

    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{os.cpu_count()} cores, {memory_kb / 1e6:.0f} GB, pyspark {pyspark.__version__}"
