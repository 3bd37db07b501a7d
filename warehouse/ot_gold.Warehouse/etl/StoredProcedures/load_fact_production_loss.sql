-- Brings fact.production_loss to what silver says now: vanished rows go, changed rows get a new version and the time of this
-- run, all other rows are not touched.
CREATE PROCEDURE [etl].[load_fact_production_loss] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM fact.production_loss AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.production_loss_source AS n
            WHERE n.date_key = d.date_key
                AND n.shift_key = d.shift_key
                AND n.asset_key = d.asset_key
                AND n.node = d.node
        );

        UPDATE d
        SET
            d.loss_category = n.loss_category,
            d.position = n.position,
            d.duration_s = n.duration_s,
            d.restated_at_utc = @as_of_utc,
            d.version = d.version + 1
        FROM fact.production_loss AS d
        INNER JOIN etl.production_loss_source AS n
            ON n.date_key = d.date_key
            AND n.shift_key = d.shift_key
            AND n.asset_key = d.asset_key
            AND n.node = d.node
        WHERE d.loss_category <> n.loss_category
            OR d.position <> n.position
            OR d.duration_s <> n.duration_s;

        INSERT INTO fact.production_loss (
            date_key,
            shift_key,
            asset_key,
            node,
            loss_category,
            position,
            duration_s,
            restated_at_utc,
            version
        )
        SELECT
            n.date_key,
            n.shift_key,
            n.asset_key,
            n.node,
            n.loss_category,
            n.position,
            n.duration_s,
            @as_of_utc,
            1
        FROM etl.production_loss_source AS n
        WHERE NOT EXISTS (
            SELECT 1 FROM fact.production_loss AS d
            WHERE d.date_key = n.date_key
                AND d.shift_key = n.shift_key
                AND d.asset_key = n.asset_key
                AND d.node = n.node
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
