-- What dim.asset should hold: every version of every asset, with the name of its site.
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
LEFT JOIN ot_gold_shortcuts.plant.site AS s ON s.site_id = a.site_id;
