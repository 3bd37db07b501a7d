"""Claims about the host's view of Sparkplug."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

SPARKPLUG_CLAIMS: tuple[Claim, ...] = (
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
    Claim(
        "sparkplug_details",
        "plant.reading: structured values, properties and metadata of Sparkplug",
        """SELECT tag_id, coalesce(value_string, '') AS value_text, coalesce(source_details, '') AS source_details,
                  count(*) AS readings
           FROM silver.reading
           WHERE source_details IS NOT NULL OR tag_id LIKE '%/camera/%' OR tag_id LIKE '%/Inspection'
           GROUP BY ALL""",
        ("tag_id", "value_text", "source_details"),
        ("readings",),
    ),
)
