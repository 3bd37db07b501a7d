-- What fact.energy_cost should hold, the asset as of the start of the date. The demand of a site has no meter: its asset
-- is the site itself. A dimension row that is missing gives key -1, and etl.publish_check reports it.
CREATE VIEW [etl].[energy_cost_source] AS
SELECT
    YEAR(c.local_date) * 10000 + MONTH(c.local_date) * 100 + DAY(c.local_date) AS date_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    c.tag_id AS meter_id,
    c.charge,
    c.tariff_id,
    c.period,
    COALESCE(c.currency, '') AS currency,
    COALESCE(m.is_top_meter, CAST(1 AS bit)) AS is_top_meter,
    COALESCE(m.is_leaf_meter, CAST(0 AS bit)) AS is_leaf_meter,
    SUM(c.energy_kwh) AS energy_kwh,
    SUM(c.unpriced_kwh) AS unpriced_kwh,
    CAST(SUM(c.cost) AS float) AS cost
FROM ot_gold_shortcuts.plant.energy_cost AS c
LEFT JOIN etl.meter AS m ON m.meter_id = c.tag_id
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = CASE WHEN c.tag_id = '' THEN c.site_id ELSE m.asset_id END
    AND a.from_utc <= CAST(c.local_date AS datetime2(6))
    AND CAST(c.local_date AS datetime2(6)) < a.to_utc
GROUP BY
    YEAR(c.local_date) * 10000 + MONTH(c.local_date) * 100 + DAY(c.local_date),
    COALESCE(a.asset_key, -1),
    c.tag_id,
    c.charge,
    c.tariff_id,
    c.period,
    COALESCE(c.currency, ''),
    COALESCE(m.is_top_meter, CAST(1 AS bit)),
    COALESCE(m.is_leaf_meter, CAST(0 AS bit));
