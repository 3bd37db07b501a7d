"""The run against the published numbers of the public data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fabric_ot.workbench.plant_day.comparison import Ask, Check, compare_maps
from fabric_ot.workbench.simulate.public_data import PublicTruth

_OUTCOMES = """
SELECT route, decoder, outcome, reason, sum(message_count)::BIGINT AS n FROM silver.batch_audit
GROUP BY ALL HAVING n <> 0
"""
_HISTORIAN = """
SELECT split_part(tag_id, '/', 2) AS name, count(*) AS readings, count(DISTINCT event_time_utc) AS instants
FROM silver.reading WHERE tag_id IN ('historian/nab_machine/temperature', 'historian/nab_ambient/temperature',
  'historian/steel_energy/usage') GROUP BY 1
"""
_FACTORS = """
SELECT strftime(end_utc, '%Y-%m-%dT%H:%M') AS end_text, lagging_power_factor_pct, leading_power_factor_pct
FROM silver.power_factor WHERE tag_id = 'historian/steel_energy/usage'
"""
_PUBLISHED_TO = 0.005 + 1e-9
_PLANNED_BUSY = """
SELECT s.shift_id, min(i.planned_busy_s) / 60 AS low, max(i.planned_busy_s) / 60 AS high
FROM silver.shift s LEFT JOIN silver.shift_instance i USING (site_id, shift_id)
WHERE s.site_id IN (SELECT site_id FROM silver.work_order) GROUP BY 1
"""
_VALUES = """
SELECT tag_id, list(value_double ORDER BY source_sequence) AS found FROM silver.reading
WHERE edge_node_id IS NOT NULL AND quality <> 'STALE' GROUP BY 1
"""
_MISSING = """
SELECT edge_node_id, coalesce(sum(missing_count), 0)::BIGINT AS n FROM silver.sparkplug_message GROUP BY 1
"""
_MISMATCHED = "SELECT payload FROM silver.quarantine WHERE list_contains(reasons, 'reference_mismatch')"


def compare_with_public_truth(truth: PublicTruth, ask: Ask) -> list[Check]:
    """Return every check of a run over the public data sets."""
    readings = {row["name"]: row for row in ask(_HISTORIAN)}
    return [
        _outcomes(truth, ask),
        _historian("readings per export", truth, "rows", readings, "readings"),
        _historian("distinct instants per export", truth, "distinct_instants", readings, "instants"),
        _energy(truth, ask),
        _power_factors(truth, ask),
        _planned_busy(truth, ask),
        _mismatched(truth, ask),
        _values(truth, ask),
        _missing(truth, ask),
    ]


def _outcomes(truth: PublicTruth, ask: Ask) -> Check:
    keys = ("route", "decoder", "outcome", "reason")
    expected = {tuple(row[k] for k in keys): row["message_count"] for row in truth.outcomes}
    found = {tuple(row[k] for k in keys): row["n"] for row in ask(_OUTCOMES)}
    return compare_maps("every outcome by route, decoder and reason", expected, found)


def _historian(claim: str, truth: PublicTruth, known: str, rows: dict[str, Any], name: str) -> Check:
    expected = {export: int(numbers[known]) for export, numbers in truth.historian.items()}
    return compare_maps(claim, expected, {export: row[name] for export, row in rows.items()})


def _energy(truth: PublicTruth, ask: Ask) -> Check:
    sql = """
    SELECT count(*) AS intervals, round(sum(energy_kwh), 2) AS kwh FROM silver.energy_interval
    WHERE tag_id = 'historian/steel_energy/usage'
    """
    steel = truth.historian["steel_energy"]
    expected = {"intervals": float(steel["rows"]), "kWh": float(steel["energy_kwh"])}
    row = ask(sql)[0]
    found = {"intervals": float(row["intervals"]), "kWh": float(row["kwh"] or 0)}
    differences = compare_maps("", expected, found).differences
    claim = "steel energy intervals and kWh"
    return Check(claim, _pair(expected), _pair(found), differences)


def _power_factors(truth: PublicTruth, ask: Ask) -> Check:
    """Compare the computed power factors with the published ones, which are rounded to two digits."""
    found = {
        row["end_text"]: (row["lagging_power_factor_pct"], row["leading_power_factor_pct"]) for row in ask(_FACTORS)
    }
    published = truth.power_factors
    wrong = [end for end in sorted({*published, *found}) if not _is_rounded(published.get(end), found.get(end))]
    differences = tuple(f"interval to {end}: expected {published.get(end)}, found {found.get(end)}" for end in wrong)
    claim = "steel power factors to two digits, lagging and leading"
    return Check(claim, f"{len(published):,} rows", f"{len(found) - len(wrong):,} equal", differences)


def _is_rounded(published: Sequence[float] | None, found: Sequence[float | None] | None) -> bool:
    if published is None or found is None:
        return False
    return all(b is not None and abs(a - b) <= _PUBLISHED_TO for a, b in zip(published, found, strict=True))


def _pair(values: dict[str, float]) -> str:
    return f"{values['intervals']:,.0f} / {values['kWh']:,.2f}"


def _planned_busy(truth: PublicTruth, ask: Ask) -> Check:
    # The other plant's work orders are all refused, so nothing asks for its shifts.
    found = {row["shift_id"]: row["high"] if row["low"] == row["high"] else -1.0 for row in ask(_PLANNED_BUSY)}
    expected = {shift: minutes for shift, minutes in truth.planned_busy_min.items() if shift in found}
    differences = compare_maps("", expected, {k: v or 0.0 for k, v in found.items()}).differences
    claim = "planned busy minutes per shift of the plant with work orders"
    lacking = () if expected else ("no shift of a plant with work orders",)
    return Check(claim, _listed(expected), _listed(found), (*differences, *lacking))


def _listed(values: dict[str, Any]) -> str:
    return " / ".join(f"{value:g}" if value is not None else "-" for _, value in sorted(values.items()))


def _mismatched(truth: PublicTruth, ask: Ask) -> Check:
    found = {bytes(row["payload"]).decode().split(",")[0]: 1 for row in ask(_MISMATCHED)}
    return compare_maps("work orders across plants", dict.fromkeys(truth.mismatched_work_orders, 1), found)


def _values(truth: PublicTruth, ask: Ask) -> Check:
    found = {row["tag_id"]: tuple(row["found"]) for row in ask(_VALUES)}
    expected = truth.sparkplug_values
    wrong = [tag for tag, values in expected.items() if found.get(tag) != values]
    differences = tuple(f"{tag}: expected {expected[tag]}, found {found.get(tag)}" for tag in wrong)
    claim = "Sparkplug vectors, values by arrival"
    return Check(claim, f"{len(expected)} tags", f"{len(expected) - len(wrong)} equal", differences)


def _missing(truth: PublicTruth, ask: Ask) -> Check:
    found = {row["edge_node_id"]: row["n"] for row in ask(_MISSING)}
    return compare_maps("Sparkplug vectors, missing messages per node", truth.sparkplug_missing, found)
