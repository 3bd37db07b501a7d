"""Silver tables of losses and key performance indicators."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

PRODUCTION_LOSS = Table(
    layer="silver",
    schema="plant",
    name="production_loss",
    grain="asset, shift instance and node of the loss tree",
    key=("asset_id", "shift_id", "production_date", "node"),
    written_by="nb_silver_kpi",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("position", "int", "top to bottom"),
        required("node", "string"),
        optional("parent", "string", "null for the root"),
        required("is_leaf", "boolean", "the leaves add up to the root, exactly"),
        optional("duration_s", "decimal(38,6)", "additive; negative where a machine ran faster than its ideal cycle"),
        optional("share", "double", "of planned busy time; null where nothing was planned"),
    ),
)

KPI = Table(
    layer="silver",
    schema="plant",
    name="kpi",
    grain="asset, production date and KPI; of a capability also the chart",
    key=("asset_id", "production_date", "kpi", "subject"),
    written_by="nb_silver_kpi",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("production_date", "date"),
        required("kpi", "string", "name in transforms.production.kpis.KPIS"),
        required("subject", "string", "'' of the asset as a whole; of cm, cmk, cp and cpk the chart_id"),
        required("unit", "string"),
        optional(
            "value",
            "double",
            "null where undefined; of the shifts that are over, of a capability all samples of the chart",
        ),
    ),
)

FORMULA_COMPARISON = Table(
    layer="silver",
    schema="plant",
    name="formula_comparison",
    grain="one published formula on one input",
    key=("formula", "subject"),
    written_by="nb_silver_kpi",
    columns=(
        required("formula", "string"),
        required("subject", "string"),
        required("source", "string", "who published it"),
        optional("ours", "string"),
        optional("theirs", "string"),
        optional("difference", "double", "theirs - ours"),
        required("unit", "string", "of the difference"),
        required("explanation", "string"),
    ),
)
