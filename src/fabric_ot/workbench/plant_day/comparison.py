"""The run against the simulator's ground truth: one claim, one check, all of them even when one fails."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.plant_day.claims import CLAIMS, MEASURE_CLAIMS, MeasureClaim
from fabric_ot.workbench.simulate.truth import GroundTruth

Rows = Sequence[Mapping[str, Any]]
Ask = Callable[[str], Rows]
"""Answers SQL over the schemas bronze, silver, dim and fact."""

Measure = Callable[[Sequence[str], Sequence[tuple[str, str]]], Rows]
"""Evaluates measures of the semantic model by (table, column) groups."""

_TOLERANCE = 1e-6
_FACT_KEYS = ("asset_id", "shift_id", "production_date", "product_id")
_FACT_VALUES = (
    "planned_busy_s", "production_s", "planned_stop_production_s", "unplanned_down_s", "unqualified_s",
    "produced_qty", "good_qty", "scrap_qty", "ideal_runtime_s", "ideal_good_runtime_s",
)  # fmt: skip
_OEE_KEYS = ("asset_id", "shift_id", "production_date")
_OEE_VALUES = ("availability", "performance", "quality", "oee")
_STATE_KEYS = ("asset_id", "shift_id", "production_date", "state", "time_category")

FACTS_SQL = """
SELECT a.asset_id, s.shift_id, CAST(d.date AS VARCHAR) AS production_date, p.product_id, f.*
FROM fact.production f
JOIN dim.asset a USING (asset_key) JOIN dim.shift s USING (shift_key)
JOIN dim.date d USING (date_key) JOIN dim.product p USING (product_key)
"""


@dataclass(frozen=True)
class Check:
    """One claim about the run: what was expected, what was found, and up to a few differences."""

    claim: str
    expected: str
    found: str
    differences: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def compare_with_truth(truth: GroundTruth, ask: Ask, measure: Measure, oee: Rows) -> list[Check]:
    """Return every check of a simulated plant; `oee` are the model's measures by asset, shift and date."""
    return [
        _messages(truth, ask),
        _files(truth, ask),
        _outcomes(truth, ask),
        _samples(truth, ask),
        _gaps(truth, ask),
        _energy(truth, ask),
        compare_rows("fact.production", truth.production, ask(FACTS_SQL), _FACT_KEYS, _FACT_VALUES),
        compare_rows("plant.state_time", truth.state_time, ask(_STATE_SQL), _STATE_KEYS, ("duration_s",)),
        compare_rows("OEE by the model's measures", truth.oee, oee, _OEE_KEYS, _OEE_VALUES),
        *(compare_rows(c.text, truth.families[c.truth], ask(c.sql), c.keys, c.values) for c in CLAIMS),
        *(compare_measures(claim, truth.families[claim.truth], measure) for claim in MEASURE_CLAIMS),
    ]


_STATE_SQL = """
SELECT asset_id, shift_id, CAST(production_date AS VARCHAR) AS production_date, state, time_category,
       duration_s
FROM silver.state_time
"""


def compare_rows(claim: str, expected: Rows, found: Rows, keys: Sequence[str], values: Sequence[str]) -> Check:
    """Compare two sets of rows by key; numbers may differ by one part in a million, and no key may repeat."""
    wanted = {tuple(str(row[k]) for k in keys): row for row in expected}
    got = {tuple(str(row[k]) for k in keys): row for row in found}
    counts = Counter(tuple(str(row[k]) for k in keys) for row in found)
    differences = [f"{count} times {key}" for key, count in sorted(counts.items()) if count > 1]
    differences += [f"missing {key}" for key in sorted(wanted.keys() - got.keys())]
    differences += [f"not expected {key}" for key in sorted(got.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & got.keys()):
        differences += [
            f"{key} {name}: expected {wanted[key][name]}, found {got[key][name]}"
            for name in values
            if not is_close(wanted[key][name], got[key][name])
        ]
    summary = f"{len(got)} rows" if not differences else f"{len(got)} rows, {len(differences)} differences"
    return Check(claim, f"{len(wanted)} rows", summary, tuple(differences))


def compare_measures(claim: MeasureClaim, expected: Rows, measure: Measure) -> Check:
    """Compare what the model's measures give with the truth; a date is compared as a day."""
    names = {f"{table}[{column}]": key for key, (table, column) in claim.keys.items()}
    names |= {f"[{name}]": value for value, name in claim.values.items()}
    rows = measure(tuple(claim.values.values()), tuple(claim.keys.values()))
    found = [{names[name]: _as_day(value) for name, value in row.items()} for row in rows]
    return compare_rows(claim.text, expected, found, tuple(claim.keys), tuple(claim.values))


def _as_day(value: Any) -> Any:
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else value


def is_close(expected: float | None, found: float | None) -> bool:
    """Whether two numbers agree, or both are undefined.

    Example:
        >>> is_close(None, None), is_close(0.0, None), is_close(1.0, 1.0 + 1e-9)
        (True, False, True)
    """
    if expected is None or found is None:
        return expected is None and found is None
    return abs(expected - found) <= _TOLERANCE * max(1.0, abs(expected))


def compare_maps(claim: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Check:
    """Compare two maps of numbers key by key; a missing key counts as 0."""
    keys = sorted({*expected, *found}, key=str)
    wrong = [k for k in keys if not is_close(float(expected.get(k, 0)), float(found.get(k, 0)))]
    differences = tuple(f"{k}: expected {expected.get(k, 0)}, found {found.get(k, 0)}" for k in wrong)
    return Check(claim, _total(expected), _total(found), differences)


def _total(values: Mapping[Any, Any]) -> str:
    total = sum(values.values())
    return f"{total:,.3f}" if isinstance(total, float) else f"{total:,}"


def _as_map(rows: Rows, key: str, value: str) -> dict[Any, Any]:
    return {row[key]: row[value] for row in rows}


def _messages(truth: GroundTruth, ask: Ask) -> Check:
    found = _as_map(ask("SELECT route, count(*) AS n FROM bronze.message GROUP BY route"), "route", "n")
    return compare_maps("messages per route", truth.messages_by_route, found)


def _files(truth: GroundTruth, ask: Ask) -> Check:
    rows = ask("SELECT path, status FROM bronze.landing_file")
    expected = {(file["path"], file["status"]): 1 for file in truth.files}
    return compare_maps("landed, empty and refused files", expected, {(r["path"], r["status"]): 1 for r in rows})


def _outcomes(truth: GroundTruth, ask: Ask) -> Check:
    sql = """
    SELECT route, decoder, outcome, reason, sum(message_count)::BIGINT AS n FROM silver.batch_audit
    GROUP BY ALL HAVING n <> 0
    """
    keys = ("route", "decoder", "outcome", "reason")
    expected = {tuple(row[k] for k in keys): row["message_count"] for row in truth.outcomes}
    found = {tuple(row[k] for k in keys): row["n"] for row in ask(sql)}
    return compare_maps("every outcome by route, decoder and reason", expected, found)


def _samples(truth: GroundTruth, ask: Ask) -> Check:
    sql = """
    SELECT CASE WHEN edge_node_id IS NOT NULL THEN 'sparkplug' WHEN route = 'file' THEN 'historian'
                ELSE 'uns_json' END AS decoder, count(*) AS n
    FROM silver.reading GROUP BY 1
    """
    samples = truth.samples
    expected = {
        "sparkplug": samples["sparkplug_distinct"] + samples["stale"],
        "uns_json": samples["uns_json_distinct"],
        "historian": samples["historian_carried"],
    }
    return compare_maps("distinct samples per decoder", expected, _as_map(ask(sql), "decoder", "n"))


def _gaps(truth: GroundTruth, ask: Ask) -> Check:
    sql = """
    SELECT edge_node_id, sum(missing_count)::BIGINT AS n FROM silver.sparkplug_message
    WHERE missing_count > 0 GROUP BY 1
    """
    expected = {node: gap["missing"] for node, gap in truth.seq_gaps.items() if gap["missing"]}
    return compare_maps("missing messages per edge node", expected, _as_map(ask(sql), "edge_node_id", "n"))


def _energy(truth: GroundTruth, ask: Ask) -> Check:
    sql = "SELECT tag_id, round(sum(energy_kwh), 3) AS kwh FROM silver.energy_interval GROUP BY tag_id"
    return compare_maps("energy per meter in kWh", truth.energy_kwh, _as_map(ask(sql), "tag_id", "kwh"))
