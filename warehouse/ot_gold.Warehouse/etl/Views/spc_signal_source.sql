-- What fact.spc_signal should hold, the asset as of the point: per chart, statistic and shift one row that counts points,
-- and one row per rule that fired.
CREATE VIEW [etl].[spc_signal_source] AS
SELECT
    YEAR(p.production_date) * 10000 + MONTH(p.production_date) * 100 + DAY(p.production_date) AS date_key,
    CASE WHEN p.shift_id = '' THEN 0 ELSE COALESCE(s.shift_key, -1) END AS shift_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    p.chart_id,
    p.statistic,
    p.rule_name,
    SUM(p.points) AS points,
    SUM(p.judged_points) AS judged_points,
    SUM(p.signal_points) AS signal_points,
    SUM(p.fired_count) AS fired_count
FROM (
    SELECT
        t.chart_id,
        t.statistic,
        t.asset_id,
        t.event_time_utc,
        t.site_id,
        t.shift_id,
        t.production_date,
        '' AS rule_name,
        CAST(1 AS bigint) AS points,
        CAST(CASE WHEN t.rules_fired IS NULL THEN 0 ELSE 1 END AS bigint) AS judged_points,
        CAST(t.is_signal AS bigint) AS signal_points,
        CAST(0 AS bigint) AS fired_count
    FROM etl.spc_point_shift AS t
    UNION ALL
    SELECT
        t.chart_id,
        t.statistic,
        t.asset_id,
        t.event_time_utc,
        t.site_id,
        t.shift_id,
        t.production_date,
        LTRIM(r.value) AS rule_name,
        CAST(0 AS bigint) AS points,
        CAST(0 AS bigint) AS judged_points,
        CAST(0 AS bigint) AS signal_points,
        CAST(1 AS bigint) AS fired_count
    FROM etl.spc_point_shift AS t
    CROSS APPLY STRING_SPLIT(t.rules_fired, ',') AS r
    WHERE t.rules_fired <> ''
) AS p
LEFT JOIN dim.shift AS s ON s.site_id = p.site_id AND s.shift_id = p.shift_id
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = p.asset_id AND a.from_utc <= p.event_time_utc AND p.event_time_utc < a.to_utc
GROUP BY
    YEAR(p.production_date) * 10000 + MONTH(p.production_date) * 100 + DAY(p.production_date),
    CASE WHEN p.shift_id = '' THEN 0 ELSE COALESCE(s.shift_key, -1) END,
    COALESCE(a.asset_key, -1),
    p.chart_id,
    p.statistic,
    p.rule_name;
