-- What fact.maintenance should hold, the asset as of the start of the month. Failures and orders stand in the component
-- that they are about; what is told of the asset alone (operating time, plans) stands in 'not told', so that every
-- column adds up.
CREATE VIEW [etl].[maintenance_source] AS
SELECT
    YEAR(r.period_start_utc) * 10000 + MONTH(r.period_start_utc) * 100 + DAY(r.period_start_utc) AS date_key,
    COALESCE(a.asset_key, -1) AS asset_key,
    r.component,
    SUM(r.operating_s) AS operating_s,
    SUM(r.failures) AS failures,
    SUM(r.restored_failures) AS restored_failures,
    SUM(r.open_failures) AS open_failures,
    SUM(r.restore_s) AS restore_s,
    SUM(r.acknowledged_orders) AS acknowledged_orders,
    SUM(r.acknowledge_s) AS acknowledge_s,
    SUM(r.waiting_s) AS waiting_s,
    SUM(r.wrench_s) AS wrench_s,
    SUM(r.due_orders) AS due_orders,
    SUM(r.done_orders) AS done_orders,
    SUM(r.pending_orders) AS pending_orders,
    SUM(r.due_preventive) AS due_preventive,
    SUM(r.done_preventive) AS done_preventive,
    SUM(r.corrective_s) AS corrective_s,
    SUM(r.preventive_s) AS preventive_s
FROM (
    SELECT
        t.asset_id,
        t.period_start_utc,
        'not told' AS component,
        t.operating_s,
        CAST(0 AS bigint) AS failures,
        CAST(0 AS bigint) AS restored_failures,
        CAST(0 AS bigint) AS open_failures,
        CAST(0 AS float) AS restore_s,
        CAST(0 AS bigint) AS acknowledged_orders,
        CAST(0 AS float) AS acknowledge_s,
        CAST(0 AS float) AS waiting_s,
        CAST(0 AS float) AS wrench_s,
        CAST(0 AS bigint) AS due_orders,
        CAST(0 AS bigint) AS done_orders,
        CAST(0 AS bigint) AS pending_orders,
        CAST(0 AS bigint) AS due_preventive,
        CAST(0 AS bigint) AS done_preventive,
        CAST(0 AS float) AS corrective_s,
        CAST(0 AS float) AS preventive_s
    FROM ot_gold_shortcuts.plant.reliability AS t
    WHERE t.scope = 'asset' AND t.period_id <> 'all'
    UNION ALL
    SELECT
        t.asset_id,
        t.period_start_utc,
        CASE WHEN t.component = '' THEN 'not told' ELSE t.component END AS component,
        CAST(0 AS float) AS operating_s,
        t.failures,
        t.restored_failures,
        t.open_failures,
        t.restore_s,
        t.acknowledged_orders,
        t.acknowledge_s,
        t.waiting_s,
        t.wrench_s,
        CAST(0 AS bigint) AS due_orders,
        CAST(0 AS bigint) AS done_orders,
        CAST(0 AS bigint) AS pending_orders,
        CAST(0 AS bigint) AS due_preventive,
        CAST(0 AS bigint) AS done_preventive,
        CAST(0 AS float) AS corrective_s,
        CAST(0 AS float) AS preventive_s
    FROM ot_gold_shortcuts.plant.reliability AS t
    WHERE t.scope = 'component' AND t.period_id <> 'all'
    UNION ALL
    SELECT
        t.asset_id,
        t.period_start_utc,
        'not told' AS component,
        CAST(0 AS float) AS operating_s,
        CAST(0 AS bigint) AS failures,
        CAST(0 AS bigint) AS restored_failures,
        CAST(0 AS bigint) AS open_failures,
        CAST(0 AS float) AS restore_s,
        CAST(0 AS bigint) AS acknowledged_orders,
        CAST(0 AS float) AS acknowledge_s,
        CAST(0 AS float) AS waiting_s,
        CAST(0 AS float) AS wrench_s,
        t.due_orders,
        t.done_orders,
        t.pending_orders,
        t.due_preventive,
        t.done_preventive,
        t.corrective_s,
        t.preventive_s
    FROM ot_gold_shortcuts.plant.maintenance_compliance AS t
    WHERE t.period_id <> 'all'
) AS r
LEFT JOIN etl.asset_period AS a
    ON a.asset_id = r.asset_id AND a.from_utc <= r.period_start_utc AND r.period_start_utc < a.to_utc
GROUP BY
    YEAR(r.period_start_utc) * 10000 + MONTH(r.period_start_utc) * 100 + DAY(r.period_start_utc),
    COALESCE(a.asset_key, -1),
    r.component;
