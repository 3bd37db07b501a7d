-- What dim.asset should hold: every version of every asset, with the name of its site; and each site that pays for its
-- peak demand as a whole, which is no machine's charge.
CREATE VIEW [etl].[asset_source] AS
SELECT
    a.asset_id,
    a.asset_name,
    a.site_id,
    COALESCE(s.site_name, a.site_id) AS site_name,
    a.area,
    a.line,
    a.valid_from_utc,
    a.valid_to_utc,
    a.is_current
FROM ot_gold_shortcuts.plant.asset AS a
LEFT JOIN ot_gold_shortcuts.plant.site AS s ON s.site_id = a.site_id
UNION ALL
SELECT
    s.site_id,
    CONCAT(s.site_name, ' (whole site)'),
    s.site_id,
    s.site_name,
    NULL,
    NULL,
    CAST('1900-01-01' AS datetime2(6)),
    NULL,
    CAST(1 AS bit)
FROM ot_gold_shortcuts.plant.site AS s
WHERE EXISTS (SELECT 1 FROM ot_gold_shortcuts.plant.energy_cost AS c WHERE c.site_id = s.site_id AND c.tag_id = '')
    AND NOT EXISTS (SELECT 1 FROM ot_gold_shortcuts.plant.asset AS a WHERE a.asset_id = s.site_id);
