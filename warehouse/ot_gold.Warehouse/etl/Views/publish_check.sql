-- The gate before the semantic model: one row per check, with the number of rows that fail it.
CREATE VIEW [etl].[publish_check] AS
SELECT 'production: date is missing' AS check_name, COUNT(*) AS failed_rows
FROM fact.production AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'production: shift is missing', COUNT(*)
FROM fact.production AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.shift_key = f.shift_key)
UNION ALL
SELECT 'production: asset is missing', COUNT(*)
FROM fact.production AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'production: product is missing', COUNT(*)
FROM fact.production AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.product AS d WHERE d.product_key = f.product_key)
UNION ALL
SELECT 'production: a duration is negative', COUNT(*)
FROM fact.production AS f
WHERE f.planned_busy_s < 0 OR f.production_s < 0 OR f.planned_stop_production_s < 0
    OR f.unplanned_down_s < 0 OR f.unqualified_s < 0
    OR f.ideal_runtime_s < 0 OR f.ideal_good_runtime_s < 0
UNION ALL
SELECT 'production: a quantity is negative', COUNT(*)
FROM fact.production AS f
WHERE f.produced_qty < 0 OR f.good_qty < 0 OR f.scrap_qty < 0 OR f.rework_qty < 0
UNION ALL
-- Quantities are floats that were added up: a millionth of a unit is no finding.
SELECT 'production: good is more than produced', COUNT(*)
FROM fact.production AS f
WHERE f.good_qty > f.produced_qty + 0.000001 OR f.ideal_good_runtime_s > f.ideal_runtime_s + 0.000001
UNION ALL
SELECT 'state_time: date is missing', COUNT(*)
FROM fact.state_time AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'state_time: shift is missing', COUNT(*)
FROM fact.state_time AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.shift_key = f.shift_key)
UNION ALL
SELECT 'state_time: asset is missing', COUNT(*)
FROM fact.state_time AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'state_time: a duration is negative', COUNT(*)
FROM fact.state_time AS f
WHERE f.duration_s < 0 OR f.planned_stop_s < 0
UNION ALL
SELECT 'state_time: more planned stop than time', COUNT(*)
FROM fact.state_time AS f
WHERE f.planned_stop_s > f.duration_s + 0.000001
UNION ALL
SELECT a.check_name, a.failed_rows FROM etl.analysis_check AS a;
