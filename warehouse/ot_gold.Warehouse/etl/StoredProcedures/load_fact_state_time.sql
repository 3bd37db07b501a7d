-- Brings fact.state_time to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_state_time] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.state_time AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.state_time_source AS n
            WHERE n.date_key = d.date_key
                AND n.shift_key = d.shift_key
                AND n.asset_key = d.asset_key
                AND n.state = d.state
                AND n.time_category = d.time_category
        );

        UPDATE d
        SET
            d.duration_s = n.duration_s,
            d.planned_stop_s = n.planned_stop_s,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.state_time AS d
        INNER JOIN etl.state_time_source AS n
            ON n.date_key = d.date_key
            AND n.shift_key = d.shift_key
            AND n.asset_key = d.asset_key
            AND n.state = d.state
            AND n.time_category = d.time_category
        WHERE d.duration_s <> n.duration_s
            OR d.planned_stop_s <> n.planned_stop_s;

        INSERT INTO fact.state_time (
            date_key,
            shift_key,
            asset_key,
            state,
            time_category,
            duration_s,
            planned_stop_s,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.shift_key,
            n.asset_key,
            n.state,
            n.time_category,
            n.duration_s,
            n.planned_stop_s,
            @as_of_utc,
            1
        FROM etl.state_time_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.state_time AS d
            WHERE d.date_key = n.date_key
                AND d.shift_key = n.shift_key
                AND d.asset_key = n.asset_key
                AND d.state = n.state
                AND d.time_category = n.time_category
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
