"""The conservation account: every message is decoded, quarantined or ignored, by reason, and it all adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_ot.workbench.local.desk import Desk

_LINES = """
SELECT route, decoder, outcome, reason, sum(message_count)::BIGINT AS messages, sum(value_count)::BIGINT AS values
FROM silver.batch_audit GROUP BY ALL HAVING messages <> 0 ORDER BY outcome, route, decoder, reason
"""

_UNBALANCED = """
SELECT coalesce(b.ingest_batch_id, a.ingest_batch_id) AS ingest_batch_id, coalesce(b.route, a.route) AS route,
       coalesce(b.n, 0) AS landed, coalesce(a.n, 0) AS accounted
FROM (SELECT ingest_batch_id, route, count(*) AS n FROM bronze.message GROUP BY ALL) b
FULL JOIN (SELECT ingest_batch_id, route, sum(message_count)::BIGINT AS n FROM silver.batch_audit GROUP BY ALL) a
USING (ingest_batch_id, route)
WHERE coalesce(b.n, 0) <> coalesce(a.n, 0)
"""


@dataclass(frozen=True)
class Account:
    """Messages in and what became of them; `unbalanced` lists each batch and route whose counts do not add up."""

    messages_in: int
    lines: tuple[dict[str, Any], ...]
    unbalanced: tuple[dict[str, Any], ...]

    @property
    def is_balanced(self) -> bool:
        """Whether in = decoded + quarantined + ignored, in total and per batch and route."""
        return not self.unbalanced and sum(self.by_outcome.values()) == self.messages_in

    @property
    def by_outcome(self) -> dict[str, int]:
        """Messages per outcome."""
        totals = dict.fromkeys(("decoded", "quarantined", "ignored"), 0)
        for line in self.lines:
            totals[line["outcome"]] = totals.get(line["outcome"], 0) + line["messages"]
        return totals


def read_account(desk: Desk) -> Account:
    """Read the account from bronze and from the audit that the silver steps wrote."""
    if "bronze.message" not in desk.tables or "silver.batch_audit" not in desk.tables:
        return Account(0, (), ())
    counted = desk.ask("SELECT count(*) AS n FROM bronze.message")[0]["n"]
    return Account(counted, tuple(desk.ask(_LINES)), tuple(desk.ask(_UNBALANCED)))
