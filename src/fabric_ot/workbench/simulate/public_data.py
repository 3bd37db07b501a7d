"""`land_public_data`: real, published data as a landing folder, linked rather than copied, with its known numbers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.contracts.places import HIVEMQ_FOLDER
from fabric_ot.contracts.sparkplug import NAMESPACE
from fabric_ot.errors import ConfigError
from fabric_ot.workbench.simulate.csv_files import write_csv
from fabric_ot.workbench.simulate.hivemq_files import HIVEMQ_COLUMNS, message_table, write_parquet
from fabric_ot.workbench.simulate.public_historian import (
    BENCH_SITE,
    HISTORIAN_FILES,
    historian_mappings,
    historian_numbers,
    historian_reference,
    link_historian,
    published_power_factors,
)
from fabric_ot.workbench.simulate.public_mes import (
    VALID_FROM,
    mes_reference,
    mismatched_work_orders,
    planned_busy_min,
)
from fabric_ot.workbench.simulate.public_sparkplug import (
    EXPECTED_MISSING,
    EXPECTED_VALUES,
    GROUP,
    TEMPERATURE,
    vector_messages,
)
from fabric_ot.workbench.simulate.reference import REFERENCE_COLUMNS, Row, reference_mappings
from fabric_ot.workbench.simulate.truth import FileTruth, outcome_rows, sample_counts, truth_path

AS_OF_UTC = "2025-06-25T13:00:00Z"
"""After the youngest record, which is of the Sparkplug vectors."""

_MES, _VECTORS = "iiot_patterns/mes", "sparkplug_umh/test_vectors.json"
_VECTOR_ASSET = "sparkplug-vectors"


@dataclass(frozen=True)
class PublicTruth:
    """What a correct run over the public data must find.

    `historian` holds rows, instants and energy per export; `planned_busy_min` PBT per published shift;
    `sparkplug_values` readings by arrival; `sparkplug_missing` missing messages per edge node; `power_factors` the
    published lagging and leading ones by the end of their interval.
    """

    as_of_utc: str
    outcomes: list[dict[str, Any]]
    files: list[dict[str, Any]]
    samples: dict[str, int]
    historian: dict[str, dict[str, Any]]
    planned_busy_min: dict[str, float]
    mismatched_work_orders: list[str]
    sparkplug_values: dict[str, tuple[float, ...]]
    sparkplug_missing: dict[str, int]
    power_factors: dict[str, tuple[float, float]]

    def to_json(self) -> str:
        """Return the truth as JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"


def land_public_data(data: Path, out: Path) -> PublicTruth:
    """Build a landing folder at `out` over the public data sets in `data`, and the truth beside it.

    The historian's files are linked, never copied. MES tables become reference CSVs; the Sparkplug vectors one
    Parquet file. `out` must be missing or empty.

    Raises:
        ConfigError: a data set is missing, or `out` holds files.
    """
    _check(data, out)
    out.mkdir(parents=True, exist_ok=True)
    config = LandingConfig(
        topics=(TopicRule(f"{NAMESPACE}/#", "sparkplug"),),
        hivemq_columns=tuple(HIVEMQ_COLUMNS.items()),
        csv=(*reference_mappings(), *historian_mappings()),
    )
    (out / "landing.json").write_text(config.to_json(), encoding="utf-8")
    link_historian(data, out)
    numbers = historian_numbers(data)
    mismatched = mismatched_work_orders(data / _MES)
    messages = vector_messages(data / _VECTORS)
    vectors_path = f"{HIVEMQ_FOLDER}/sparkplug_vectors/messages.parquet"
    write_parquet(out / vectors_path, message_table(messages))
    files = [FileTruth(vectors_path, "hivemq", len(messages), "landed")]
    files += [FileTruth(f"historian/{HISTORIAN_FILES[n]}", "file", v["rows"], "landed") for n, v in numbers.items()]
    files += _write_reference(data, out)
    truth = PublicTruth(
        as_of_utc=AS_OF_UTC,
        outcomes=outcome_rows(Counter(m.account for m in messages) + _file_accounts(files, len(mismatched))),
        files=[asdict(file) for file in sorted(files, key=lambda file: file.path)],
        samples={**sample_counts(messages), **_historian_samples(numbers)},
        historian=numbers,
        planned_busy_min=planned_busy_min(data / _MES),
        mismatched_work_orders=mismatched,
        sparkplug_values=EXPECTED_VALUES,
        sparkplug_missing=EXPECTED_MISSING,
        power_factors=published_power_factors(data),
    )
    truth_path(out).write_text(truth.to_json(), encoding="utf-8")
    return truth


def _check(data: Path, out: Path) -> None:
    needed = [*HISTORIAN_FILES.values(), _VECTORS, f"{_MES}/Shifts.csv", f"{_MES}/ProductQuality.csv"]
    problems = [f"{name} is missing" for name in needed if not (data / name).is_file()]
    if out.exists() and any(out.iterdir()):
        problems.append(f"the landing folder {out} is not empty: land into a new one")
    if problems:
        where = f"public data in {data}"
        raise ConfigError(where, problems)


def _write_reference(data: Path, out: Path) -> list[FileTruth]:
    rows: dict[str, list[Row]] = {entity: [] for entity in REFERENCE_COLUMNS}
    for source in (mes_reference(data / _MES), historian_reference(), _vector_reference()):
        for entity, more in source.items():
            rows[entity] += more
    files = []
    for entity, entity_rows in rows.items():
        path = f"reference/{entity}.csv"
        count = write_csv(out / path, REFERENCE_COLUMNS[entity], entity_rows)
        files.append(FileTruth(path, "file", count, "landed"))
    return files


def _vector_reference() -> dict[str, list[Row]]:
    tags = [*EXPECTED_VALUES, f"{NAMESPACE}/{GROUP}/wrap/{TEMPERATURE}"]
    return {
        "asset": [(_VECTOR_ASSET, "Sparkplug test vectors", BENCH_SITE, None, None, VALID_FROM)],
        "tag": [(tag_id, _VECTOR_ASSET, "measure", "double", None, None, VALID_FROM) for tag_id in tags],
    }


def _file_accounts(files: list[FileTruth], mismatched: int) -> Counter[tuple[str, str, str, str]]:
    def rows(folder: str) -> int:
        return sum(file.rows for file in files if file.path.startswith(folder))

    return Counter(
        {
            ("file", "historian", "decoded", ""): rows("historian/"),
            ("file", "reference", "decoded", ""): rows("reference/") - mismatched,
            ("file", "reference", "quarantined", "reference_mismatch"): mismatched,
        }
    )


def _historian_samples(numbers: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Count the values of all rows, and the tags' distinct instants: a repeated instant has two rows."""
    values = {"nab_machine": 1, "nab_ambient": 1, "steel_energy": 3}
    return {
        "historian_carried": sum(n * int(numbers[name]["rows"]) for name, n in values.items()),
        "historian_instants": sum(n * int(numbers[name]["distinct_instants"]) for name, n in values.items()),
    }


def read_public_truth(out: Path) -> PublicTruth:
    """Read what `land_public_data` wrote beside the landing folder `out`.

    Raises:
        ConfigError: there is none: something else has landed there.
    """
    path = truth_path(out)
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "sparkplug_values" not in known:
        where = f"landing folder {out}"
        raise ConfigError(where, ["something other than the public data has landed there; name another --onelake"])
    values = {tag_id: tuple(found) for tag_id, found in known.pop("sparkplug_values").items()}
    lagging_leading = {end: (found[0], found[1]) for end, found in known.pop("power_factors", {}).items()}
    return PublicTruth(sparkplug_values=values, power_factors=lagging_leading, **known)
