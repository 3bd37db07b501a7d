-- What fact.production_loss should hold: the leaves of the loss tree, which add up, the asset as of the start of the
-- shift. A dimension row that is missing gives key -1: nothing is lost, and etl.publish_check reports it.
CREATE VIEW [etl].[production_loss_source] AS
SELECT
    YEAR(l.production_date) * 10000 + MONTH(l.production_date) * 100 + DAY(l.production_date) AS date_key,
    COALESCE(s.shift_key, -1) AS shift_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    l.node,
    CASE
        WHEN l.node = 'good' THEN 'good'
        WHEN l.parent = 'availability_loss' THEN 'availability'
        WHEN l.parent = 'production' THEN 'performance'
        WHEN l.parent = 'ideal_runtime' THEN 'quality'
        ELSE COALESCE(l.parent, '')
    END AS loss_category,
    MAX(l.position) AS position,
    CAST(SUM(COALESCE(l.duration_s, 0)) AS float) AS duration_s
FROM ot_gold_shortcuts.plant.production_loss AS l
LEFT JOIN dim.shift AS s ON s.site_id = l.site_id AND s.shift_id = l.shift_id
LEFT JOIN ot_gold_shortcuts.plant.shift_instance AS i
    ON i.site_id = l.site_id AND i.shift_id = l.shift_id AND i.production_date = l.production_date
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = l.asset_id AND a.from_utc <= i.start_utc AND i.start_utc < a.to_utc
WHERE l.is_leaf = 1
GROUP BY
    YEAR(l.production_date) * 10000 + MONTH(l.production_date) * 100 + DAY(l.production_date),
    COALESCE(s.shift_key, -1),
    COALESCE(a.asset_key, -1),
    l.node,
    CASE
        WHEN l.node = 'good' THEN 'good'
        WHEN l.parent = 'availability_loss' THEN 'availability'
        WHEN l.parent = 'production' THEN 'performance'
        WHEN l.parent = 'ideal_runtime' THEN 'quality'
        ELSE COALESCE(l.parent, '')
    END;
