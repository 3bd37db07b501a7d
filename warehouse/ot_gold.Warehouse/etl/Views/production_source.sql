-- What fact.production should hold, keys as of the start of the shift. A dimension row that is missing gives key -1:
-- nothing is lost, and etl.publish_check reports it.
CREATE VIEW [etl].[production_source] AS
SELECT
    YEAR(p.production_date) * 10000 + MONTH(p.production_date) * 100 + DAY(p.production_date) AS date_key,
    COALESCE(s.shift_key, -1) AS shift_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    COALESCE(r.product_key, -1) AS product_key,
    SUM(p.planned_busy_s) AS planned_busy_s,
    SUM(p.production_s) AS production_s,
    SUM(p.planned_stop_production_s) AS planned_stop_production_s,
    SUM(p.unplanned_down_s) AS unplanned_down_s,
    SUM(p.unqualified_s) AS unqualified_s,
    SUM(p.produced_qty) AS produced_qty,
    SUM(p.good_qty) AS good_qty,
    SUM(p.scrap_qty) AS scrap_qty,
    SUM(p.rework_qty) AS rework_qty,
    SUM(p.ideal_runtime_s) AS ideal_runtime_s,
    SUM(p.ideal_good_runtime_s) AS ideal_good_runtime_s
FROM ot_gold_shortcuts.plant.production AS p
LEFT JOIN dim.shift AS s ON s.site_id = p.site_id AND s.shift_id = p.shift_id
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = p.asset_id AND a.from_utc <= p.shift_start_utc AND p.shift_start_utc < a.to_utc
LEFT JOIN etl.product_period AS r
    ON r.product_id = p.product_id AND r.from_utc <= p.shift_start_utc AND p.shift_start_utc < r.to_utc
GROUP BY
    YEAR(p.production_date) * 10000 + MONTH(p.production_date) * 100 + DAY(p.production_date),
    COALESCE(s.shift_key, -1),
    COALESCE(a.asset_key, -1),
    COALESCE(r.product_key, -1);
