-- What fact.energy should hold: keys as of the start of the shift; outside every shift key 0, and the asset as of the
-- date. Silver repeats the good units of a shift in each of its states: here they stand in one of them, and add up.
CREATE VIEW [etl].[energy_source] AS
SELECT
    YEAR(e.production_date) * 10000 + MONTH(e.production_date) * 100 + DAY(e.production_date) AS date_key,
    CASE WHEN e.shift_id = '' THEN 0 ELSE COALESCE(s.shift_key, -1) END AS shift_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    e.state,
    e.time_category,
    SUM(e.energy_kwh) AS energy_kwh,
    SUM(CASE WHEN e.good_qty IS NULL THEN 0 ELSE e.energy_kwh END) AS finished_energy_kwh,
    SUM(CASE WHEN e.state_rank = 1 THEN COALESCE(e.good_qty, 0) ELSE 0 END) AS good_qty
FROM (
    SELECT
        t.asset_id,
        t.site_id,
        t.shift_id,
        t.production_date,
        t.state,
        t.time_category,
        t.energy_kwh,
        t.good_qty,
        ROW_NUMBER() OVER (
            PARTITION BY t.asset_id, t.shift_id, t.production_date ORDER BY t.state, t.time_category
        ) AS state_rank
    FROM ot_gold_shortcuts.plant.energy_state AS t
) AS e
LEFT JOIN dim.shift AS s ON s.site_id = e.site_id AND s.shift_id = e.shift_id
LEFT JOIN ot_gold_shortcuts.plant.shift_instance AS i
    ON i.site_id = e.site_id AND i.shift_id = e.shift_id AND i.production_date = e.production_date
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = e.asset_id
    AND a.from_utc <= COALESCE(i.start_utc, CAST(e.production_date AS datetime2(6)))
    AND COALESCE(i.start_utc, CAST(e.production_date AS datetime2(6))) < a.to_utc
GROUP BY
    YEAR(e.production_date) * 10000 + MONTH(e.production_date) * 100 + DAY(e.production_date),
    CASE WHEN e.shift_id = '' THEN 0 ELSE COALESCE(s.shift_key, -1) END,
    COALESCE(a.asset_key, -1),
    e.state,
    e.time_category;
