"""Claims about what landed beside the files."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

LANDING_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "landing_table",
        "plant.landing_table: rows of the Eventstream's tables",
        """SELECT table_name, table_version, status, rows_read, messages, rows_repeated FROM bronze.landing_table""",
        ("table_name", "table_version", "status"),
        ("rows_read", "messages", "rows_repeated"),
    ),
)
