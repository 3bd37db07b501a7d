"""Silver tables of energy: tariffs and meters as declared, demand, load, power factor, energy by state, cost."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

TARIFF_RATE = Table(
    layer="silver",
    schema="plant",
    name="tariff_rate",
    grain="one price of one tariff, by weekday and wall time",
    key=("tariff_id", "weekdays", "start_local", "valid_from"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("tariff_id", "string", "a tariff belongs to one site, a site has one at a time"),
        required("site_id", "string", "its zone is that of the wall times"),
        required("currency", "string", "ISO 4217"),
        required("period", "string", "as the bill names it: peak, night"),
        required("weekdays", "string", "digits: 1 is Monday, 7 is Sunday, 8 a holiday"),
        required("start_local", "string", "HH:mm:ss wall time"),
        required("end_local", "string", "HH:mm:ss wall time; at or before the start means the next day"),
        required("price_per_kwh", "double", "in the currency; may be negative"),
        required("valid_from", "date", "inclusive"),
        optional("valid_to", "date", "exclusive; null: open"),
    ),
)

TARIFF_HOLIDAY = Table(
    layer="silver",
    schema="plant",
    name="tariff_holiday",
    grain="one date that a tariff counts as weekday 8",
    key=("tariff_id", "date"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(required("tariff_id", "string"), required("date", "date")),
)

DEMAND_CHARGE = Table(
    layer="silver",
    schema="plant",
    name="demand_charge",
    grain="one price of a tariff for the peak demand of a month",
    key=("tariff_id", "valid_from"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("tariff_id", "string"),
        required("price_per_kw", "double", "per month, in the tariff's currency"),
        required("valid_from", "date", "first of a month, inclusive"),
        optional("valid_to", "date", "first of a month, exclusive; null: open"),
    ),
)

ENERGY_METER = Table(
    layer="silver",
    schema="plant",
    name="energy_meter",
    grain="one meter whose energy another meter counts too",
    key=("tag_id",),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("tag_id", "string"),
        required("parent_tag_id", "string", "the meter above it; a site's energy is that of its top meters"),
    ),
)

REACTIVE_METER = Table(
    layer="silver",
    schema="plant",
    name="reactive_meter",
    grain="the register of one direction of reactive energy, beside one meter of active energy",
    key=("active_tag_id", "direction"),
    written_by="nb_silver_reference",
    is_small=True,
    columns=(
        required("active_tag_id", "string", "the meter in kWh, of role energy_counter or energy_interval"),
        required("direction", "string", "lagging | leading"),
        required("tag_id", "string", "the register in kvarh, of role reactive_counter or reactive_interval"),
    ),
)

ENERGY_DEMAND = Table(
    layer="silver",
    schema="plant",
    name="energy_demand",
    grain="one meter and window of 15 minutes that its intervals touch",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_energy",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string"),
        required("site_id", "string", "where the asset stood"),
        required("local_date", "date", "of the window's start, at the site"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("is_top_meter", "boolean", "no other meter counts its energy too"),
        required("energy_kwh", "double"),
        required("covered_s", "double"),
        required("coverage", "double", "share of the window; above 1: intervals overlap"),
        required("demand_kw", "double", "mean over the covered part"),
    ),
)

ENERGY_LOAD = Table(
    layer="silver",
    schema="plant",
    name="energy_load",
    grain="one meter, or the top meters of one site together, and local date",
    key=("level", "series_id", "local_date"),
    written_by="nb_silver_energy",
    columns=(
        required("level", "string", "meter | site"),
        required("series_id", "string", "tag_id or site_id"),
        required("site_id", "string"),
        required("local_date", "date"),
        required("energy_kwh", "double", "all energy, also of windows that do not count"),
        optional("mean_kw", "double", "of the windows that count: covered wholly, by every meter of the series"),
        optional("peak_kw", "double"),
        optional("peak_start_utc", "timestamp"),
        optional("load_factor", "double", "mean / peak"),
        required("window_count", "long"),
        required("left_out_count", "long"),
    ),
)

_REACTIVE = (
    optional("lagging_kvarh", "double", "null: no such register, or not told"),
    optional("leading_kvarh", "double", "null: no such register, or not told"),
    optional("lagging_power_factor_pct", "double", "100 * kWh / sqrt(kWh^2 + lagging kvarh^2); null where both are 0"),
    optional("leading_power_factor_pct", "double", "100 * kWh / sqrt(kWh^2 + leading kvarh^2); null where both are 0"),
)

POWER_FACTOR = Table(
    layer="silver",
    schema="plant",
    name="power_factor",
    grain="one meter with a register of reactive energy, and window of 15 minutes that its intervals touch",
    key=("tag_id", "start_utc"),
    written_by="nb_silver_energy",
    columns=(
        required("tag_id", "string", "of the active meter"),
        required("asset_id", "string"),
        required("site_id", "string", "where the asset stood"),
        required("local_date", "date", "of the window's start, at the site"),
        required("start_utc", "timestamp"),
        required("end_utc", "timestamp"),
        required("is_whole", "boolean", "meter and registers cover the window once and wholly: else no power factor"),
        required("energy_kwh", "double"),
        *_REACTIVE,
    ),
)

POWER_FACTOR_PERIOD = Table(
    layer="silver",
    schema="plant",
    name="power_factor_period",
    grain="one meter with a register of reactive energy, and local day or month",
    key=("tag_id", "site_id", "period", "from_date"),
    written_by="nb_silver_energy",
    columns=(
        required("tag_id", "string", "of the active meter"),
        required("site_id", "string"),
        required("period", "string", "day | month: take one of them before adding up"),
        required("from_date", "date", "its first day, at the site"),
        optional("energy_kwh", "double", "of the windows that are whole, as are the kvarh; null where none is"),
        *_REACTIVE,
        required("window_count", "long", "windows that are whole"),
        required("left_out_count", "long"),
        required("left_out_kwh", "double", "energy of windows that are not whole"),
    ),
)

ENERGY_STATE = Table(
    layer="silver",
    schema="plant",
    name="energy_state",
    grain="asset, shift instance and state",
    key=("asset_id", "shift_id", "production_date", "state"),
    written_by="nb_silver_energy",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string", "'' outside every shift: the state is '' too, the date the local one"),
        required("production_date", "date"),
        required("state", "string"),
        required("time_category", "string"),
        required("energy_kwh", "double", "the states of an asset add up to its meters"),
        optional("good_qty", "double", "of the asset and shift, all states; null until the shift is over"),
        optional("specific_energy_kwh", "double", "per good unit; over the states it adds up"),
    ),
)

ENERGY_COST = Table(
    layer="silver",
    schema="plant",
    name="energy_cost",
    grain="charge of one meter, local date and tariff period; of a site and month where the charge is for demand",
    key=("site_id", "charge", "tag_id", "local_date", "tariff_id", "period"),
    written_by="nb_silver_energy",
    columns=(
        required("site_id", "string"),
        required("charge", "string", "energy | demand"),
        required("tag_id", "string", "'' for the demand of a site's top meters together"),
        required("local_date", "date", "first of the month for demand"),
        required("tariff_id", "string", "'' where no price is told"),
        required("period", "string", "'' where no price is told, and for demand"),
        optional("currency", "string"),
        required("energy_kwh", "double", "0 for demand"),
        required("unpriced_kwh", "double", "the part without a price"),
        optional("peak_kw", "double", "of demand only"),
        optional("peak_start_utc", "timestamp", "of demand only"),
        optional("cost", "decimal(38,12)", "not rounded; null where no price is told"),
    ),
)

ENERGY_BASELINE = Table(
    layer="silver",
    schema="plant",
    name="energy_baseline",
    grain="asset and shift instance that is over, with energy",
    key=("asset_id", "shift_id", "production_date"),
    written_by="nb_silver_energy",
    columns=(
        required("asset_id", "string"),
        required("site_id", "string"),
        required("shift_id", "string"),
        required("production_date", "date"),
        required("energy_kwh", "double"),
        required("produced_qty", "double", "the driver"),
        required("fit_status", "string", "fitted | too_few_observations | collinear_drivers | no_baseline"),
        optional("observation_count", "long", "shifts that the asset's baseline is fitted on"),
        optional("intercept_kwh", "double"),
        optional("slope_kwh_per_unit", "double"),
        optional("r2", "double"),
        optional("expected_kwh", "double"),
        optional("residual_kwh", "double", "actual - expected"),
        optional("is_extrapolated", "boolean", "more or fewer units than the baseline saw"),
    ),
)
