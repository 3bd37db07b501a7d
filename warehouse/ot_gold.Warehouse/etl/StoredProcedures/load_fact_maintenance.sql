-- Brings fact.maintenance to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_maintenance] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.maintenance AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.maintenance_source AS n
            WHERE n.date_key = d.date_key
                AND n.asset_key = d.asset_key
                AND n.component = d.component
        );

        UPDATE d
        SET
            d.operating_s = n.operating_s,
            d.failures = n.failures,
            d.restored_failures = n.restored_failures,
            d.open_failures = n.open_failures,
            d.restore_s = n.restore_s,
            d.acknowledged_orders = n.acknowledged_orders,
            d.acknowledge_s = n.acknowledge_s,
            d.waiting_s = n.waiting_s,
            d.wrench_s = n.wrench_s,
            d.due_orders = n.due_orders,
            d.done_orders = n.done_orders,
            d.pending_orders = n.pending_orders,
            d.due_preventive = n.due_preventive,
            d.done_preventive = n.done_preventive,
            d.corrective_s = n.corrective_s,
            d.preventive_s = n.preventive_s,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.maintenance AS d
        INNER JOIN etl.maintenance_source AS n
            ON n.date_key = d.date_key
            AND n.asset_key = d.asset_key
            AND n.component = d.component
        WHERE d.operating_s <> n.operating_s
            OR d.failures <> n.failures
            OR d.restored_failures <> n.restored_failures
            OR d.open_failures <> n.open_failures
            OR d.restore_s <> n.restore_s
            OR d.acknowledged_orders <> n.acknowledged_orders
            OR d.acknowledge_s <> n.acknowledge_s
            OR d.waiting_s <> n.waiting_s
            OR d.wrench_s <> n.wrench_s
            OR d.due_orders <> n.due_orders
            OR d.done_orders <> n.done_orders
            OR d.pending_orders <> n.pending_orders
            OR d.due_preventive <> n.due_preventive
            OR d.done_preventive <> n.done_preventive
            OR d.corrective_s <> n.corrective_s
            OR d.preventive_s <> n.preventive_s;

        INSERT INTO fact.maintenance (
            date_key,
            asset_key,
            component,
            operating_s,
            failures,
            restored_failures,
            open_failures,
            restore_s,
            acknowledged_orders,
            acknowledge_s,
            waiting_s,
            wrench_s,
            due_orders,
            done_orders,
            pending_orders,
            due_preventive,
            done_preventive,
            corrective_s,
            preventive_s,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.asset_key,
            n.component,
            n.operating_s,
            n.failures,
            n.restored_failures,
            n.open_failures,
            n.restore_s,
            n.acknowledged_orders,
            n.acknowledge_s,
            n.waiting_s,
            n.wrench_s,
            n.due_orders,
            n.done_orders,
            n.pending_orders,
            n.due_preventive,
            n.done_preventive,
            n.corrective_s,
            n.preventive_s,
            @as_of_utc,
            1
        FROM etl.maintenance_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.maintenance AS d
            WHERE d.date_key = n.date_key
                AND d.asset_key = n.asset_key
                AND d.component = n.component
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
