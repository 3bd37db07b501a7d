-- Brings fact.energy_cost to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_energy_cost] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.energy_cost AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.energy_cost_source AS n
            WHERE n.date_key = d.date_key
                AND n.asset_key = d.asset_key
                AND n.meter_id = d.meter_id
                AND n.charge = d.charge
                AND n.tariff_id = d.tariff_id
                AND n.period = d.period
        );

        UPDATE d
        SET
            d.currency = n.currency,
            d.is_top_meter = n.is_top_meter,
            d.is_leaf_meter = n.is_leaf_meter,
            d.energy_kwh = n.energy_kwh,
            d.unpriced_kwh = n.unpriced_kwh,
            d.cost = n.cost,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.energy_cost AS d
        INNER JOIN etl.energy_cost_source AS n
            ON n.date_key = d.date_key
            AND n.asset_key = d.asset_key
            AND n.meter_id = d.meter_id
            AND n.charge = d.charge
            AND n.tariff_id = d.tariff_id
            AND n.period = d.period
        WHERE d.currency <> n.currency
            OR d.is_top_meter <> n.is_top_meter
            OR d.is_leaf_meter <> n.is_leaf_meter
            OR d.energy_kwh <> n.energy_kwh
            OR d.unpriced_kwh <> n.unpriced_kwh
            OR d.cost <> n.cost
            OR (d.cost IS NULL AND n.cost IS NOT NULL)
            OR (d.cost IS NOT NULL AND n.cost IS NULL);

        INSERT INTO fact.energy_cost (
            date_key,
            asset_key,
            meter_id,
            charge,
            tariff_id,
            period,
            currency,
            is_top_meter,
            is_leaf_meter,
            energy_kwh,
            unpriced_kwh,
            cost,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.asset_key,
            n.meter_id,
            n.charge,
            n.tariff_id,
            n.period,
            n.currency,
            n.is_top_meter,
            n.is_leaf_meter,
            n.energy_kwh,
            n.unpriced_kwh,
            n.cost,
            @as_of_utc,
            1
        FROM etl.energy_cost_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.energy_cost AS d
            WHERE d.date_key = n.date_key
                AND d.asset_key = n.asset_key
                AND d.meter_id = n.meter_id
                AND d.charge = n.charge
                AND d.tariff_id = n.tariff_id
                AND d.period = n.period
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
