"""Claims about the place of every tag."""

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
)  # fmt: skip
