-- Each meter that a tag declares: its asset as told last, whether another meter counts its energy too (then it is no
-- top meter), and whether it counts that of others (then it is no leaf).
CREATE VIEW [etl].[meter] AS
SELECT
    t.tag_id AS meter_id,
    t.asset_id,
    CAST(CASE WHEN p.tag_id IS NULL THEN 1 ELSE 0 END AS bit) AS is_top_meter,
    CAST(CASE WHEN c.tag_id IS NULL THEN 1 ELSE 0 END AS bit) AS is_leaf_meter
FROM (
    SELECT
        v.tag_id,
        v.asset_id,
        ROW_NUMBER() OVER (PARTITION BY v.tag_id ORDER BY v.valid_from_utc DESC) AS version_rank
    FROM ot_gold_shortcuts.plant.tag AS v
) AS t
LEFT JOIN (SELECT DISTINCT m.tag_id FROM ot_gold_shortcuts.plant.energy_meter AS m) AS p ON p.tag_id = t.tag_id
LEFT JOIN (SELECT DISTINCT m.parent_tag_id AS tag_id FROM ot_gold_shortcuts.plant.energy_meter AS m) AS c
    ON c.tag_id = t.tag_id
WHERE t.version_rank = 1;
