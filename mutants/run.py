"""Mutation testing: a seeded sample of small wrong changes to the transforms, and whether the tests notice each.

    make mutants                                   200 mutants, seed 7
    make mutants ARGS="--resume"                   go on where a run was interrupted
    make mutants ARGS="--resume --again"           judge what survived again, after the tests were strengthened
    make mutants ARGS="--sample 20 --only transforms/signals"

Each mutant lives in a scratch copy of the package and is judged by the tests that run its line, the quickest first, up
to the first failure. One Java machine serves all of them. What is known so far is kept in `.mutants/`.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lines import digest
from places import Mutant, mutants_of, sample

if TYPE_CHECKING:
    from judge import Judge

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "fabric_ot"
ROOMS = ("transforms", "quality")
KNOWN = ROOT / ".mutants"
TARGET = 0.85
KILLED, SURVIVED = "killed", "SURVIVED"


def known_rows(path: Path, digests: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return what was last said of each mutant whose module is still the one that was judged."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = (json.loads(line) for line in lines)
    return {row["mutant"]: row for row in rows if digests.get(row["module"]) == row["digest"]}


def difference(mutant: Mutant) -> str:
    """Return the changed lines."""
    code = (PACKAGE / mutant.module).read_text(encoding="utf-8")
    changed = mutant.apply(code) or ""
    lines = difflib.unified_diff(code.splitlines(), changed.splitlines(), n=0, lineterm="")
    return "\n".join(f"      {line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] in "+-")


@contextlib.contextmanager
def scratch_copy() -> Iterator[Path]:
    """Copy the package and let every import of it, here, in children and in Spark's Python workers, find the copy."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        shutil.copytree(PACKAGE, Path(folder) / "src" / "fabric_ot", ignore=shutil.ignore_patterns("__pycache__"))
        sys.path.insert(0, str(Path(folder) / "src"))
        os.environ["PYTHONPATH"] = str(Path(folder) / "src")
        sys.dont_write_bytecode = True
        yield Path(folder)


def arguments() -> argparse.Namespace:
    """Return what was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=200, help="how many mutants")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="a folder or module below src/fabric_ot")
    parser.add_argument("--shard", default="1/1", help="2/3 judges the second third of the sample, beside others")
    parser.add_argument("--resume", action="store_true", help="keep what is known of this sample")
    parser.add_argument("--again", action="store_true", help="with --resume: judge what survived again")
    return parser.parse_args()


def main() -> int:
    """Judge the sample and print what survived."""
    asked = arguments()
    KNOWN.mkdir(exist_ok=True)
    results = KNOWN / "results.jsonl"
    if not asked.resume:
        results.unlink(missing_ok=True)
    modules = sorted(m for room in ROOMS for m in (PACKAGE / room).rglob("*.py"))
    digests = {str(m.relative_to(PACKAGE)): digest(m) for m in modules}
    everything = [m for module in modules for m in mutants_of(PACKAGE, module) if m.module.startswith(asked.only)]
    part, parts = map(int, asked.shard.split("/"))
    drawn = sample(PACKAGE, everything, asked.sample, asked.seed)
    drawn.sort(key=lambda mutant: (mutant.room in ROOMS, mutant.place))
    chosen = drawn[len(drawn) * (part - 1) // parts : len(drawn) * part // parts]
    known = known_rows(results, digests)
    pending = [m for m in chosen if m.name not in known or (asked.again and known[m.name]["outcome"] == SURVIVED)]
    print(
        f"{len(everything)} mutants of {len(modules)} modules; {len(chosen)} drawn, {len(pending)} to judge", flush=True
    )
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended; go on with --resume"))
    with scratch_copy() as scratch:
        from judge import Judge  # it imports the copied package

        judge = Judge(ROOT, scratch, KNOWN, ROOMS)
        for n, mutant in enumerate(pending, start=1):
            started = time.monotonic()
            row = {"mutant": mutant.name, "module": mutant.module, "digest": digests[mutant.module]}
            row |= verdict(judge, mutant, known.get(mutant.name))
            known[mutant.name] = row | {"seconds": round(time.monotonic() - started, 1)}
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[mutant.name]) + "\n")
            seconds, outcome = known[mutant.name]["seconds"], row["outcome"]
            print(f"{n:4}/{len(pending)} {seconds:5.0f} s  {outcome:9} {mutant.name}", flush=True)
        judge.spark.stop()
    return tell(chosen, {name: row["outcome"] for name, row in known.items()})


def verdict(judge: Judge, mutant: Mutant, before: dict[str, Any] | None) -> dict[str, Any]:
    """Judge a mutant; one that survived before is judged by the test files that have changed since."""
    judge.record(mutant.room)
    outcome, why = judge.judge(mutant, before["files"] if before else {})
    return {"outcome": outcome, "why": why} | ({"files": judge.files_of(mutant.room)} if outcome == SURVIVED else {})


def tell(chosen: list[Mutant], known: dict[str, str]) -> int:
    """Print the survivors and the rate."""
    found = Counter(known[mutant.name] for mutant in chosen if mutant.name in known)
    for mutant in chosen:
        if known.get(mutant.name) == SURVIVED:
            print(f"{SURVIVED} {mutant.name}\n{difference(mutant)}")
    judged = found.total()
    share = found[KILLED] / judged if judged else 0.0
    print(f"killed {found[KILLED]} of {judged}: {share:.1%} (wanted {TARGET:.0%})")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
