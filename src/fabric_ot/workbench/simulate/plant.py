"""`simulate_plant`: a seeded plant in a landing folder, and beside it the truth about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from random import Random

from fabric_ot.contracts.landing import LandingConfig, TopicRule
from fabric_ot.workbench.simulate.capture_files import write_bad_capture, write_capture
from fabric_ot.workbench.simulate.csv_files import METER_MAPPING, write_csv, write_meter, write_wrong_header
from fabric_ot.workbench.simulate.day import PlantDay, live_through, plan_calendar
from fabric_ot.workbench.simulate.eventstream_table import (
    BAD_EVENTSTREAM,
    EVENTSTREAM,
    tables_path,
    write_eventstream,
)
from fabric_ot.workbench.simulate.facts import energy_by_tag, oee_rows, production_rows, state_time_rows
from fabric_ot.workbench.simulate.families import tell_families
from fabric_ot.workbench.simulate.hivemq_files import HIVEMQ_COLUMNS, write_bad_hivemq, write_hivemq
from fabric_ot.workbench.simulate.layout import METER_TAG_ID
from fabric_ot.workbench.simulate.message import Message
from fabric_ot.workbench.simulate.namespace import NAMESPACE_RULE
from fabric_ot.workbench.simulate.records import Records
from fabric_ot.workbench.simulate.reference import (
    REFERENCE_COLUMNS,
    reference_mappings,
    reference_rows,
    work_order_rows,
)
from fabric_ot.workbench.simulate.truth import (
    FileTruth,
    GroundTruth,
    iso_utc,
    outcome_rows,
    sample_counts,
    truth_path,
)

LANDING_CONFIG = LandingConfig(
    topics=(TopicRule("spBv1.0/#", "sparkplug"), TopicRule("acme/+/+/+/+/+", "uns_json")),
    hivemq_columns=tuple(HIVEMQ_COLUMNS.items()),
    csv=(*reference_mappings(), METER_MAPPING),
    namespace=NAMESPACE_RULE,
    eventstreams=(EVENTSTREAM, BAD_EVENTSTREAM),
)

Account = tuple[str, str, str, str]


class _Landed:
    """Files, accounts and sums gathered while the landing folder is written."""

    def __init__(self) -> None:
        self.files: list[FileTruth] = []
        self.accounts: Counter[Account] = Counter()
        self.meter_kwh = 0.0
        self.meter_samples: dict[str, int] = {}


def simulate_plant(
    out: Path,
    *,
    days: int = 1,
    seed: int = 7,
    start: date = date(2026, 3, 28),
    scale: float = 1.0,
    tables: Path | None = None,
) -> GroundTruth:
    """Write a plant's landing folder to `out` and the truth beside it; the same seed gives the same plant.

    `out` becomes `Files/landing` and must be missing or empty. `tables` becomes `Tables`, where an Eventstream
    writes; without it they lie beside `out`, in `<out>_tables`. `start` is the first production date; the default
    crosses Berlin's change to summer time. `scale` is the density of messages: 1.0 is about 100,000 a day; what
    the machines do, and so every fact, does not depend on it.

    Raises:
        ValueError: `days` or `scale` is not positive, `out` holds files, or `tables` the Eventstream's tables.
    """
    if days < 1 or scale <= 0:
        message = f"days and scale must be positive, found days={days}, scale={scale}"
        raise ValueError(message)
    if out.exists() and any(out.iterdir()):
        message = f"{out} is not empty: simulate into a new folder, so that no file of another plant is landed"
        raise ValueError(message)
    out.mkdir(parents=True, exist_ok=True)
    day = live_through(plan_calendar(start, days), seed=seed, scale=scale)
    calendar = day.calendar
    production = [r for k in day.known for i in calendar.whole(k.asset.site_id) for r in production_rows(k, i)]
    landed = _Landed()
    (out / "landing.json").write_text(LANDING_CONFIG.to_json(), encoding="utf-8")
    families = tell_families(day, seed=seed)
    _land_reference(out, production, families.records, landed)
    _land_messages(out, day, Random(f"{seed}/landing"), landed)
    streamed = [message for message in day.messages if message.route == "eventstream"]
    tabled = write_eventstream(tables or tables_path(out), streamed, Random(f"{seed}/eventstream"))
    transported: Counter[str] = Counter(message.route for message in day.messages)
    event_hub_rows = sum(file.rows for file in landed.files if file.route == "event_hubs")
    truth = GroundTruth(
        seed=seed,
        start=start.isoformat(),
        days=days,
        scale=scale,
        first_shift_start_utc=iso_utc(calendar.start_ms),
        horizon_utc=iso_utc(calendar.horizon_ms),
        as_of_utc=iso_utc(calendar.as_of_ms),
        messages_by_route={**transported, "file": sum(f.rows for f in landed.files if f.route == "file")},
        transport_duplicates=event_hub_rows - transported["event_hubs"],
        outcomes=outcome_rows(landed.accounts + Counter(message.account for message in day.messages)),
        files=[asdict(file) for file in sorted(landed.files, key=lambda file: file.path)],
        samples={**sample_counts(day.messages), **landed.meter_samples},
        seq_gaps={n.node.name: {"gaps": len(n.lost), "missing": sum(n.lost)} for n in day.nodes},
        energy_kwh={**energy_by_tag(day.known), METER_TAG_ID: landed.meter_kwh},
        injected=day.injected,
        production=production,
        state_time=[r for k in day.known for i in calendar.whole(k.asset.site_id) for r in state_time_rows(k, i)],
        oee=oee_rows(production),
        families={**families.truth, **tabled.truth},
    )
    truth_path(out).write_text(truth.to_json(), encoding="utf-8")
    return truth


def _land_reference(
    out: Path, production: Sequence[dict[str, object]], told: Sequence[Records], landed: _Landed
) -> None:
    master = [Records(entity, rows) for entity, rows in reference_rows().items()]
    for records in (*master, Records("work_order", *work_order_rows(production)), *told):
        path = f"reference/{records.entity}.csv"
        rows = [*records.good, *(row for row, _ in records.bad)]
        count = write_csv(out / path, REFERENCE_COLUMNS[records.entity], rows)
        landed.files.append(FileTruth(path, "file", count, "landed"))
        landed.accounts["file", "reference", "decoded", ""] += len(records.good)
        landed.accounts.update(("file", "reference", "quarantined", reason) for _, reason in records.bad)


def _land_messages(out: Path, day: PlantDay, rng: Random, landed: _Landed) -> None:
    by_route: dict[str, list[Message]] = {"hivemq": [], "event_hubs": [], "eventstream": []}
    for message in day.messages:
        by_route[message.route].append(message)
    calendar = day.calendar
    landed.files += write_hivemq(out, by_route["hivemq"], rng)
    landed.files += write_bad_hivemq(out, by_route["hivemq"][:200])
    landed.files += write_capture(out, by_route["event_hubs"], rng)
    bad_at_ms = calendar.horizon_ms + 2 * 3_600_000
    landed.files += write_bad_capture(out, by_route["event_hubs"][:200], rng, at_ms=bad_at_ms)
    meter, kwh, instants = write_meter(out, day.main_meter)
    landed.files += [meter, write_wrong_header(out)]
    landed.meter_kwh = kwh
    values = len(METER_MAPPING.values)
    landed.meter_samples = {"historian_carried": values * (meter.rows - 2), "historian_instants": values * instants}
    landed.accounts["file", "historian", "decoded", ""] += meter.rows - 2
    landed.accounts["file", "historian", "quarantined", "row_does_not_fit_mapping"] += 1
    landed.accounts["file", "historian", "quarantined", "type_mismatch"] += 1
