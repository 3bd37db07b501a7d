"""Claims about the place of every tag, and the versions of what is in the catalogue."""

from __future__ import annotations

from fabric_ot.workbench.plant_day.claims.claim import Claim

NAMESPACE_CLAIMS: tuple[Claim, ...] = (
    Claim(
        "namespace",
        "plant.namespace: the place of every declared tag",
        """SELECT tag_id, asset_id, source, enterprise, site, area, work_center, work_unit, virtual_path, tag_name,
                  hierarchy_problem
           FROM silver.namespace""",
        ("tag_id", "asset_id", "source", "enterprise", "site", "area", "work_center", "work_unit", "virtual_path",
         "tag_name", "hierarchy_problem"),
    ),
    Claim(
        "catalogue",
        "plant.asset, plant.product: versions, told late or not",
        """SELECT kind, id, told, strftime(since, '%Y-%m-%dT%H:%M:%SZ') AS valid_from,
                  strftime(until, '%Y-%m-%dT%H:%M:%SZ') AS valid_to
           FROM (SELECT 'asset' AS kind, asset_id AS id, asset_name || ', ' || line AS told, valid_from_utc AS since,
                        valid_to_utc AS until FROM silver.asset
                 UNION ALL
                 SELECT 'product', product_id, ideal_cycle_s::VARCHAR || ' s', valid_from_utc, valid_to_utc
                 FROM silver.product)""",
        ("kind", "id", "told", "valid_from", "valid_to"),
    ),
)  # fmt: skip
