"""Silver tables of statistical process control: charts, their samples, frozen limits, points and capability."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

QUALITY_SAMPLE = Table(
    layer="silver",
    schema="plant",
    name="quality_sample",
    grain="one measurement or inspection for one chart",
    key=("chart_id", "sample_id"),
    written_by="nb_silver_reference",
    columns=(
        required("sample_id", "string"),
        required("chart_id", "string"),
        optional("subgroup_id", "string", "needed on xbar_r and xbar_s charts"),
        optional("run_id", "string", "a setup or a recipe: rules begin anew where it changes"),
        required("event_time_utc", "timestamp", "when the part was taken, not when the laboratory reported"),
        optional("value_double", "double", "in the chart's unit; needed on i_mr, xbar_r and xbar_s charts"),
        optional("inspected_qty", "double", "units inspected; needed on p and u charts"),
        optional("defective_qty", "double", "defective units; needed on p charts"),
        optional("defect_qty", "double", "defects, of which a unit may have several; needed on u charts"),
    ),
)

CONTROL_CHART = Table(
    layer="silver",
    schema="plant",
    name="control_chart",
    grain="one chart of one characteristic of what one asset makes",
    key=("chart_id",),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("chart_id", "string"),
        required("asset_id", "string"),
        required("characteristic", "string"),
        required("chart_kind", "string", "i_mr | xbar_r | xbar_s | p | u"),
        optional("unit", "string", "of the measurement"),
        optional("lsl", "double", "lower specification limit; null: one-sided"),
        optional("usl", "double", "upper specification limit; null: one-sided"),
    ),
)

CONTROL_BASELINE = Table(
    layer="silver",
    schema="plant",
    name="control_baseline",
    grain="one declared baseline of one chart: a version of its limits",
    key=("chart_id", "limit_version"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("chart_id", "string"),
        required("limit_version", "string"),
        required("valid_from_utc", "timestamp", "until the next version of the chart begins"),
        required("baseline_start_utc", "timestamp", "inclusive"),
        required("baseline_end_utc", "timestamp", "exclusive"),
    ),
)

CONTROL_LIMIT = Table(
    layer="silver",
    schema="plant",
    name="control_limit",
    grain="one version of the limits of one chart",
    key=("chart_id", "limit_version"),
    written_by="nb_silver_quality",
    is_small=True,
    columns=(
        required("chart_id", "string"),
        optional("chart_kind", "string", "null while no point lies in the baseline"),
        required("limit_version", "string"),
        required("valid_from_utc", "timestamp"),
        required("baseline_start_utc", "timestamp", "inclusive"),
        required("baseline_end_utc", "timestamp", "exclusive"),
        required("baseline_points", "long", "of the location chart"),
        optional("center", "double", "null: too few points or no spread"),
        optional("sigma", "double", "of a single measurement, within subgroups"),
        optional("frozen_at_utc", "timestamp", "computed then and never again; null while undefined"),
    ),
)

SPC_POINT = Table(
    layer="silver",
    schema="plant",
    name="spc_point",
    grain="one point of one statistic of one chart, with the limits it is judged by",
    key=("chart_id", "statistic", "event_time_utc"),
    written_by="nb_silver_quality",
    columns=(
        required("chart_id", "string"),
        required("asset_id", "string"),
        required("chart_kind", "string"),
        required("statistic", "string", "individual, mean, proportion, rate | moving_range, range, stddev"),
        required("event_time_utc", "timestamp", "of the last sample of a subgroup"),
        optional("run_id", "string"),
        required("sample_size", "double", "samples, or units inspected"),
        optional("value", "double", "null: a spread that one sample alone does not have"),
        optional("limit_version", "string"),
        optional("center", "double"),
        optional("sigma", "double", "of this statistic"),
        optional("ucl", "double"),
        optional("lcl", "double"),
        optional("rules_fired", "string", "names with ', ' between; '' where none; null where not judged"),
        required("is_signal", "boolean", "a rule fired"),
    ),
)

PROCESS_CAPABILITY = Table(
    layer="silver",
    schema="plant",
    name="process_capability",
    grain="one chart with measurements: all its samples against its specification",
    key=("chart_id",),
    written_by="nb_silver_quality",
    columns=(
        required("chart_id", "string"),
        required("asset_id", "string"),
        required("samples", "long"),
        optional("mean", "double"),
        optional("sigma_within", "double"),
        optional("sigma_overall", "double"),
        optional("cp", "double"),
        optional("cpk", "double"),
        optional("pp", "double"),
        optional("ppk", "double"),
        optional("undefined_reason", "string"),
        required("signal_count", "long", "points of the chart that are signals: Cp and Cpk want none"),
    ),
)

CHART_TAG = Table(
    layer="silver",
    schema="plant",
    name="chart_tag",
    grain="one tag of the process that the samples of one chart are seen with",
    key=("chart_id", "tag_id"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("chart_id", "string"),
        required("tag_id", "string", "of any asset: the one that made the part, or one before it"),
        required("max_age_s", "double", "a reading that is older at the sample says nothing about it"),
    ),
)

QUALITY_CONTEXT = Table(
    layer="silver",
    schema="plant",
    name="quality_context",
    grain="one sample and one tag that its chart declares",
    key=("chart_id", "sample_id", "tag_id"),
    written_by="nb_silver_quality",
    columns=(
        required("chart_id", "string"),
        required("sample_id", "string"),
        required("event_time_utc", "timestamp", "of the sample: when the part was taken"),
        required("tag_id", "string"),
        optional("value_double", "double", "of the last reading from before it; null where none is young enough"),
        optional("unit", "string", "of the value: the catalogue's, else the source's"),
        optional("quality", "string", "GOOD | UNCERTAIN | BAD | STALE: look at it before the value"),
        optional("as_of_utc", "timestamp", "of that reading"),
        optional("age_s", "double", "of that reading at the sample, in seconds"),
    ),
)

QUALITY_TABLES: tuple[Table, ...] = (
    QUALITY_SAMPLE,
    CONTROL_CHART,
    CONTROL_BASELINE,
    CONTROL_LIMIT,
    SPC_POINT,
    PROCESS_CAPABILITY,
    CHART_TAG,
    QUALITY_CONTEXT,
)
