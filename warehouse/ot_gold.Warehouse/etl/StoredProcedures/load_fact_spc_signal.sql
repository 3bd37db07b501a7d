-- Brings fact.spc_signal to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_spc_signal] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.spc_signal AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.spc_signal_source AS n
            WHERE n.date_key = d.date_key
                AND n.shift_key = d.shift_key
                AND n.asset_key = d.asset_key
                AND n.chart_id = d.chart_id
                AND n.statistic = d.statistic
                AND n.rule_name = d.rule_name
        );

        UPDATE d
        SET
            d.points = n.points,
            d.judged_points = n.judged_points,
            d.signal_points = n.signal_points,
            d.fired_count = n.fired_count,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.spc_signal AS d
        INNER JOIN etl.spc_signal_source AS n
            ON n.date_key = d.date_key
            AND n.shift_key = d.shift_key
            AND n.asset_key = d.asset_key
            AND n.chart_id = d.chart_id
            AND n.statistic = d.statistic
            AND n.rule_name = d.rule_name
        WHERE d.points <> n.points
            OR d.judged_points <> n.judged_points
            OR d.signal_points <> n.signal_points
            OR d.fired_count <> n.fired_count;

        INSERT INTO fact.spc_signal (
            date_key,
            shift_key,
            asset_key,
            chart_id,
            statistic,
            rule_name,
            points,
            judged_points,
            signal_points,
            fired_count,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.shift_key,
            n.asset_key,
            n.chart_id,
            n.statistic,
            n.rule_name,
            n.points,
            n.judged_points,
            n.signal_points,
            n.fired_count,
            @as_of_utc,
            1
        FROM etl.spc_signal_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.spc_signal AS d
            WHERE d.date_key = n.date_key
                AND d.shift_key = n.shift_key
                AND d.asset_key = n.asset_key
                AND d.chart_id = n.chart_id
                AND d.statistic = n.statistic
                AND d.rule_name = n.rule_name
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
