"""Claims about single tables: which rows of the ground truth must come out of which query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """The rows that `GroundTruth.families[truth]` holds are the rows of `sql`.

    `keys` are compared as text and tell rows apart; `values` are numbers, equal within one part in a million.
    """

    truth: str
    text: str
    sql: str
    keys: tuple[str, ...]
    values: tuple[str, ...] = ()


_SPARKPLUG = (
    Claim(
        "sparkplug_violations",
        "plant.violation: broken rules of Sparkplug per edge node",
        """SELECT coalesce(edge_node_id, '') AS edge_node_id, assertion_id, count(*) AS messages
           FROM silver.violation GROUP BY ALL""",
        ("edge_node_id", "assertion_id"),
        ("messages",),
    ),
    Claim(
        "sparkplug_rebirth_requests",
        "plant.rebirth_request: asked and answered",
        """SELECT edge_node_id, birth_epoch, reason, epoch_ms(requested_utc) AS requested_ms,
                  epoch_ms(answered_utc) AS answered_ms, cause_count
           FROM silver.rebirth_request""",
        ("edge_node_id", "birth_epoch", "reason"),
        ("requested_ms", "answered_ms", "cause_count"),
    ),
)

_NAMESPACE = (
    Claim(
        "namespace",
        "plant.namespace: the place of every declared tag",
        """SELECT tag_id, asset_id, source, enterprise, site, area, work_center, work_unit, virtual_path, tag_name,
                  hierarchy_problem
           FROM silver.namespace""",
        ("tag_id", "asset_id", "source", "enterprise", "site", "area", "work_center", "work_unit", "virtual_path",
         "tag_name", "hierarchy_problem"),
    ),
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (*_SPARKPLUG, *_NAMESPACE)
"""Every claim that a run over the simulated plant is held to, beside those of `comparison`."""
