-- Brings fact.energy to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_energy] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.energy AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.energy_source AS n
            WHERE n.date_key = d.date_key
                AND n.shift_key = d.shift_key
                AND n.asset_key = d.asset_key
                AND n.state = d.state
                AND n.time_category = d.time_category
        );

        UPDATE d
        SET
            d.energy_kwh = n.energy_kwh,
            d.finished_energy_kwh = n.finished_energy_kwh,
            d.good_qty = n.good_qty,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.energy AS d
        INNER JOIN etl.energy_source AS n
            ON n.date_key = d.date_key
            AND n.shift_key = d.shift_key
            AND n.asset_key = d.asset_key
            AND n.state = d.state
            AND n.time_category = d.time_category
        WHERE d.energy_kwh <> n.energy_kwh
            OR d.finished_energy_kwh <> n.finished_energy_kwh
            OR d.good_qty <> n.good_qty;

        INSERT INTO fact.energy (
            date_key,
            shift_key,
            asset_key,
            state,
            time_category,
            energy_kwh,
            finished_energy_kwh,
            good_qty,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.shift_key,
            n.asset_key,
            n.state,
            n.time_category,
            n.energy_kwh,
            n.finished_energy_kwh,
            n.good_qty,
            @as_of_utc,
            1
        FROM etl.energy_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.energy AS d
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
