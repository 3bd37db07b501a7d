-- The part of etl.publish_check about losses, energy, maintenance and control charts.
CREATE VIEW [etl].[analysis_check] AS
SELECT 'production_loss: date is missing' AS check_name, COUNT(*) AS failed_rows
FROM fact.production_loss AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'production_loss: shift is missing', COUNT(*)
FROM fact.production_loss AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.shift_key = f.shift_key)
UNION ALL
SELECT 'production_loss: asset is missing', COUNT(*)
FROM fact.production_loss AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'energy: date is missing', COUNT(*)
FROM fact.energy AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'energy: shift is missing', COUNT(*)
FROM fact.energy AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.shift_key = f.shift_key)
UNION ALL
SELECT 'energy: asset is missing', COUNT(*)
FROM fact.energy AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'energy: more energy of finished shifts than energy', COUNT(*)
FROM fact.energy AS f
WHERE f.finished_energy_kwh > f.energy_kwh + 0.000001
UNION ALL
SELECT 'energy: a quantity is negative', COUNT(*)
FROM fact.energy AS f
WHERE f.good_qty < 0
UNION ALL
SELECT 'energy_cost: date is missing', COUNT(*)
FROM fact.energy_cost AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'energy_cost: asset is missing', COUNT(*)
FROM fact.energy_cost AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'energy_cost: more energy without a price than energy', COUNT(*)
FROM fact.energy_cost AS f
WHERE f.unpriced_kwh > f.energy_kwh + 0.000001
UNION ALL
SELECT 'energy_cost: a cost has no currency', COUNT(*)
FROM fact.energy_cost AS f
WHERE f.cost IS NOT NULL AND f.currency = ''
UNION ALL
SELECT 'maintenance: date is missing', COUNT(*)
FROM fact.maintenance AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'maintenance: asset is missing', COUNT(*)
FROM fact.maintenance AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'maintenance: a time or a count is negative', COUNT(*)
FROM fact.maintenance AS f
WHERE f.operating_s < 0 OR f.restore_s < 0 OR f.failures < 0 OR f.due_orders < 0
UNION ALL
SELECT 'maintenance: more failures restored than failed', COUNT(*)
FROM fact.maintenance AS f
WHERE f.restored_failures + f.open_failures > f.failures
UNION ALL
SELECT 'spc_signal: date is missing', COUNT(*)
FROM fact.spc_signal AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.date_key = f.date_key)
UNION ALL
SELECT 'spc_signal: shift is missing', COUNT(*)
FROM fact.spc_signal AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.shift_key = f.shift_key)
UNION ALL
SELECT 'spc_signal: asset is missing', COUNT(*)
FROM fact.spc_signal AS f
WHERE NOT EXISTS (SELECT 1 FROM dim.asset AS d WHERE d.asset_key = f.asset_key)
UNION ALL
SELECT 'spc_signal: more points out of control than judged', COUNT(*)
FROM fact.spc_signal AS f
WHERE f.signal_points > f.judged_points OR f.judged_points > f.points;
