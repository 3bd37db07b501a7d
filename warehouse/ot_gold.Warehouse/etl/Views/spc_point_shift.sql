-- Each point of a control chart with the shift in which it was taken; outside every shift no shift, and the UTC date.
CREATE VIEW [etl].[spc_point_shift] AS
SELECT
    p.chart_id,
    p.statistic,
    p.asset_id,
    p.event_time_utc,
    p.rules_fired,
    p.is_signal,
    i.site_id,
    COALESCE(i.shift_id, '') AS shift_id,
    COALESCE(i.production_date, CAST(p.event_time_utc AS date)) AS production_date
FROM ot_gold_shortcuts.plant.spc_point AS p
LEFT JOIN (
    SELECT
        v.asset_id,
        v.site_id,
        CASE
            WHEN ROW_NUMBER() OVER (PARTITION BY v.asset_id ORDER BY v.valid_from_utc) = 1
                THEN CAST('0001-01-01' AS datetime2(6))
            ELSE v.valid_from_utc
        END AS from_utc,
        COALESCE(v.valid_to_utc, CAST('9999-12-31' AS datetime2(6))) AS to_utc
    FROM ot_gold_shortcuts.plant.asset AS v
) AS a ON a.asset_id = p.asset_id AND a.from_utc <= p.event_time_utc AND p.event_time_utc < a.to_utc
LEFT JOIN ot_gold_shortcuts.plant.shift_instance AS i
    ON i.site_id = a.site_id AND i.start_utc <= p.event_time_utc AND p.event_time_utc < i.end_utc;
