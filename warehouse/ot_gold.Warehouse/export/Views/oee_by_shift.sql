-- OEE per line and shift as ratios of sums; NULL where there was no planned time, no production or no quantity.
CREATE VIEW [export].[oee_by_shift] AS
SELECT
    d.[date] AS production_date,
    a.site_id,
    a.site_name,
    a.area,
    a.line,
    s.shift_id,
    s.shift_name,
    SUM(f.planned_busy_s) AS planned_busy_s,
    SUM(f.production_s) AS production_s,
    SUM(f.unplanned_down_s) AS unplanned_down_s,
    SUM(f.produced_qty) AS produced_qty,
    SUM(f.good_qty) AS good_qty,
    SUM(f.scrap_qty) AS scrap_qty,
    SUM(f.production_s) / NULLIF(SUM(f.planned_busy_s), 0) AS availability,
    SUM(f.ideal_runtime_s) / NULLIF(SUM(f.production_s), 0) AS performance,
    SUM(f.good_qty) / NULLIF(SUM(f.produced_qty), 0) AS quality,
    SUM(f.ideal_good_runtime_s) / NULLIF(SUM(f.planned_busy_s), 0) AS oee
FROM fact.production AS f
INNER JOIN dim.[date] AS d ON d.date_key = f.date_key
INNER JOIN dim.shift AS s ON s.shift_key = f.shift_key
INNER JOIN dim.asset AS a ON a.asset_key = f.asset_key
GROUP BY d.[date], a.site_id, a.site_name, a.area, a.line, s.shift_id, s.shift_name;
