-- Every date that a fact stands on: production dates of the shift calendar, local dates of energy, months of maintenance
-- and demand, and dates of points that were taken outside every shift.
CREATE VIEW [etl].[date_source] AS
SELECT i.production_date AS [date] FROM ot_gold_shortcuts.plant.shift_instance AS i
UNION
SELECT e.production_date FROM ot_gold_shortcuts.plant.energy_state AS e
UNION
SELECT c.local_date FROM ot_gold_shortcuts.plant.energy_cost AS c
UNION
SELECT CAST(r.period_start_utc AS date) FROM ot_gold_shortcuts.plant.reliability AS r WHERE r.period_id <> 'all'
UNION
SELECT CAST(m.period_start_utc AS date)
FROM ot_gold_shortcuts.plant.maintenance_compliance AS m
WHERE m.period_id <> 'all'
UNION
SELECT p.production_date FROM etl.spc_point_shift AS p;
