-- Brings fact.production to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_production] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.production AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.production_source AS n
            WHERE n.date_key = d.date_key
                AND n.shift_key = d.shift_key
                AND n.asset_key = d.asset_key
                AND n.product_key = d.product_key
        );

        UPDATE d
        SET
            d.planned_busy_s = n.planned_busy_s,
            d.production_s = n.production_s,
            d.planned_stop_production_s = n.planned_stop_production_s,
            d.unplanned_down_s = n.unplanned_down_s,
            d.unqualified_s = n.unqualified_s,
            d.produced_qty = n.produced_qty,
            d.good_qty = n.good_qty,
            d.scrap_qty = n.scrap_qty,
            d.rework_qty = n.rework_qty,
            d.ideal_runtime_s = n.ideal_runtime_s,
            d.ideal_good_runtime_s = n.ideal_good_runtime_s,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.production AS d
        INNER JOIN etl.production_source AS n
            ON n.date_key = d.date_key
            AND n.shift_key = d.shift_key
            AND n.asset_key = d.asset_key
            AND n.product_key = d.product_key
        WHERE d.planned_busy_s <> n.planned_busy_s
            OR d.production_s <> n.production_s
            OR d.planned_stop_production_s <> n.planned_stop_production_s
            OR d.unplanned_down_s <> n.unplanned_down_s
            OR d.unqualified_s <> n.unqualified_s
            OR d.produced_qty <> n.produced_qty
            OR d.good_qty <> n.good_qty
            OR d.scrap_qty <> n.scrap_qty
            OR d.rework_qty <> n.rework_qty
            OR d.ideal_runtime_s <> n.ideal_runtime_s
            OR d.ideal_good_runtime_s <> n.ideal_good_runtime_s;

        INSERT INTO fact.production (
            date_key,
            shift_key,
            asset_key,
            product_key,
            planned_busy_s,
            production_s,
            planned_stop_production_s,
            unplanned_down_s,
            unqualified_s,
            produced_qty,
            good_qty,
            scrap_qty,
            rework_qty,
            ideal_runtime_s,
            ideal_good_runtime_s,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.shift_key,
            n.asset_key,
            n.product_key,
            n.planned_busy_s,
            n.production_s,
            n.planned_stop_production_s,
            n.unplanned_down_s,
            n.unqualified_s,
            n.produced_qty,
            n.good_qty,
            n.scrap_qty,
            n.rework_qty,
            n.ideal_runtime_s,
            n.ideal_good_runtime_s,
            @as_of_utc,
            1
        FROM etl.production_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.production AS d
            WHERE d.date_key = n.date_key
                AND d.shift_key = n.shift_key
                AND d.asset_key = n.asset_key
                AND d.product_key = n.product_key
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
