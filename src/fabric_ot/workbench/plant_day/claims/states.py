"""Claims about what states count as, and about time that adds up."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

STATES_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "state_evidence",
        "plant.state_evidence: what states count as, and who said so",
        """
        SELECT *, epoch_ms(start_utc) AS start_ms, epoch_ms(recorded_at_utc) AS recorded_ms
        FROM silver.state_evidence
        """,
        ("asset_id", "start_ms", "state", "time_category", "measured_category", "recoding_id", "recorded_by"),
        ("duration_s", "recorded_ms"),
    ),
    Claim(
        "time_account",
        "plant.time_account: told, silent and missing time add up to the calendar",
        "SELECT * REPLACE (CAST(production_date AS VARCHAR) AS production_date) FROM silver.time_account",
        ("asset_id", "shift_id", "production_date"),
        ("calendar_s", "told_s", "no_signal_s", "gap_s", "overlap_s", "difference_s"),
    ),
)
