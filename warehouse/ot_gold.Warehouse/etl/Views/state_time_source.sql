-- What fact.state_time should hold, the asset as of the start of the shift. A dimension row that is missing gives
-- key -1: nothing is lost, and etl.publish_check reports it.
CREATE VIEW [etl].[state_time_source] AS
SELECT
    YEAR(t.production_date) * 10000 + MONTH(t.production_date) * 100 + DAY(t.production_date) AS date_key,
    COALESCE(s.shift_key, -1) AS shift_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    t.state,
    t.time_category,
    SUM(t.duration_s) AS duration_s,
    SUM(t.planned_stop_s) AS planned_stop_s
FROM ot_gold_shortcuts.plant.state_time AS t
LEFT JOIN dim.shift AS s ON s.site_id = t.site_id AND s.shift_id = t.shift_id
LEFT JOIN ot_gold_shortcuts.plant.shift_instance AS i
    ON i.site_id = t.site_id AND i.shift_id = t.shift_id AND i.production_date = t.production_date
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = t.asset_id AND a.from_utc <= i.start_utc AND i.start_utc < a.to_utc
GROUP BY
    YEAR(t.production_date) * 10000 + MONTH(t.production_date) * 100 + DAY(t.production_date),
    COALESCE(s.shift_key, -1),
    COALESCE(a.asset_key, -1),
    t.state,
    t.time_category;
