"""Silver tables of signals: what each must keep to, its minutes, fewer samples, silences, the clocks of sources."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

UNIT = Table(
    layer="silver",
    schema="plant",
    name="unit",
    grain="one text that names a unit of measure",
    key=("unit",),
    written_by="nb_silver_signal",
    is_small=True,
    columns=(
        required("unit", "string", "code, symbol, alias or OPC UA unit id; case counts"),
        required("code", "string", "UNECE Rec 20 code, else the symbol"),
        required("dimension", "string", "units of one dimension convert into each other"),
        required("scale", "double", "si = scale * x + offset"),
        required("offset", "double"),
    ),
)

SIGNAL_RULE = Table(
    layer="silver",
    schema="plant",
    name="signal_rule",
    grain="what one tag's signal must keep to",
    key=("tag_id",),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("tag_id", "string"),
        optional("expected_interval_s", "double", "between samples; null: silence is not judged"),
        optional("max_interval_s", "double", "longer is a gap; null: 1.5 times the expected interval"),
        optional("max_hold_s", "double", "how long a value speaks; null: the job's"),
        optional("lower_limit", "double", "in the catalogue's unit; null: none"),
        optional("upper_limit", "double", "in the catalogue's unit; null: none"),
        optional("max_rate_per_s", "double", "in the catalogue's unit per second; null: not judged"),
        optional("stuck_after_s", "double", "a value repeated exactly for so long is stuck; null: not judged"),
        optional("flat_tolerance", "double", "spread within ten minutes that is no live signal; null: not judged"),
        optional("compression_method", "string", "exception | swinging_door; null: not compressed"),
        optional("compression_deviation", "double", "in the catalogue's unit: how far off one may be"),
        optional("compression_max_interval_s", "double", "between kept samples; null: a block of one hour"),
        optional("fill_method", "string", "hold | linear; null: silence is not filled"),
        optional("max_fill_s", "double", "a longer silence is not filled; null: the job's"),
    ),
)

READING_MINUTE = Table(
    layer="silver",
    schema="plant",
    name="reading_minute",
    grain="tag and minute in which anything is known of it, or was filled",
    key=("tag_id", "minute_utc"),
    written_by="nb_silver_signal",
    columns=(
        required("tag_id", "string", "of role measure"),
        required("minute_utc", "timestamp", "start, inclusive"),
        required("asset_id", "string", "by the catalogue, as of the last sample heard"),
        optional("unit", "string", "the catalogue's, that all values are in"),
        optional("mean", "double", "time-weighted over the covered time; null where none is covered"),
        optional("min", "double", "the value carried into the minute included"),
        optional("max", "double", "the value carried into the minute included"),
        optional("end_value", "double"),
        optional("filled_value", "double", "put into a silent minute by plant.signal_rule; measured: null"),
        optional("fill_method", "string", "hold | linear; null: not filled"),
        optional("state", "string", "of the asset as of minute_utc; null: none known yet"),
        required("covered_s", "double", "with a good value"),
        required("bad_s", "double", "told to be bad; the rest of the minute is a gap"),
        required("coverage", "double", "0 to 1 of the minute"),
        required("percent_good", "double"),
        required("quality", "string", "GOOD | UNCERTAIN | BAD, OPC 10000-13"),
        required("sample_count", "long"),
        required("good_count", "long"),
        required("out_of_limits_count", "long", "samples beyond the limits of plant.signal_rule"),
        required("too_fast_count", "long"),
        required("stuck_count", "long"),
        required("flat_line_count", "long"),
        required("unit_refused_count", "long", "samples whose unit cannot be converted: BAD"),
        optional("limited_count", "long", "samples at a limit of their sensor, by the source's own quality code"),
        required("event_date", "date", "UTC date of minute_utc"),
    ),
    partition_by=("event_date",),
)

READING_COMPRESSED = Table(
    layer="silver",
    schema="plant",
    name="reading_compressed",
    grain="one sample that was kept of a tag whose rule declares a compression",
    key=("tag_id", "event_time_utc"),
    written_by="nb_silver_signal",
    columns=(
        required("tag_id", "string"),
        required("event_time_utc", "timestamp"),
        required("asset_id", "string"),
        optional("value_double", "double", "as sampled, in the catalogue's unit"),
        optional("unit", "string", "the catalogue's"),
        required("quality", "string"),
        required("compression_method", "string", "exception: values hold | swinging_door: straight lines between them"),
        required("stands_for_count", "long", "itself and the samples left out until the next one"),
        optional("max_error", "double", "of the furthest of these; null without a number"),
        required("event_date", "date", "UTC date of event_time_utc"),
    ),
    partition_by=("event_date",),
)

READING_GAP = Table(
    layer="silver",
    schema="plant",
    name="reading_gap",
    grain="one silence of one tag, longer than it may be",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_signal",
    columns=(
        required("tag_id", "string"),
        required("start_utc", "timestamp", "the last sample before"),
        required("end_utc", "timestamp", "the first sample after, or the last whole minute of the run"),
        required("gap_s", "double"),
        required("missing_count", "long", "samples that were expected in it"),
        required("is_open", "boolean"),
    ),
)

CLOCK_SKEW = Table(
    layer="silver",
    schema="plant",
    name="clock_skew",
    grain="one source's clock on one UTC day",
    key=("event_date", "route", "source"),
    written_by="nb_silver_signal",
    columns=(
        required("event_date", "date"),
        required("route", "string"),
        required("source", "string", "Sparkplug group/node; '' for all other sources of the route"),
        required("skew_s", "double", "median of arrival - event over live readings: the way through the net included"),
        required("least_skew_s", "double"),
        required("greatest_skew_s", "double"),
        required("live_count", "long"),
        optional("is_skewed", "boolean", "null: too few live readings"),
    ),
)
