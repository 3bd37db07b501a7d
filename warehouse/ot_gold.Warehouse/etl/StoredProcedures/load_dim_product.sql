-- Every version of every product (SCD2), and key 0: no product was running.
-- A version is known by product and start, and keeps its key for good.
-- @as_of_utc: the run's clock, which every load takes; a dimension keeps no time of its own loading.
CREATE PROCEDURE [etl].[load_dim_product] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        IF NOT EXISTS (SELECT 1 FROM dim.product WHERE product_key = 0)
            INSERT INTO dim.product (
                product_key, product_id, product_name, ideal_cycle_s, valid_from_utc, valid_to_utc, is_current
            )
            VALUES (0, '', 'no product', 0, CAST('1900-01-01' AS datetime2(6)), NULL, 1);

        DELETE d
        FROM dim.product AS d
        WHERE d.product_key <> 0
            AND NOT EXISTS (
                SELECT 1 FROM ot_gold_shortcuts.plant.product AS n
                WHERE n.product_id = d.product_id AND n.valid_from_utc = d.valid_from_utc
            );

        UPDATE d
        SET
            d.product_name = n.product_name,
            d.ideal_cycle_s = n.ideal_cycle_s,
            d.valid_to_utc = n.valid_to_utc,
            d.is_current = n.is_current
        FROM dim.product AS d
        INNER JOIN ot_gold_shortcuts.plant.product AS n
            ON n.product_id = d.product_id AND n.valid_from_utc = d.valid_from_utc
        WHERE d.product_name <> n.product_name
            OR d.ideal_cycle_s <> n.ideal_cycle_s
            OR COALESCE(d.valid_to_utc, CAST('9999-12-31' AS datetime2(6)))
                <> COALESCE(n.valid_to_utc, CAST('9999-12-31' AS datetime2(6)))
            OR d.is_current <> n.is_current;

        INSERT INTO dim.product (
            product_key, product_id, product_name, ideal_cycle_s, valid_from_utc, valid_to_utc, is_current
        )
        SELECT
            CAST(m.top_key + ROW_NUMBER() OVER (ORDER BY n.product_id, n.valid_from_utc) AS int),
            n.product_id,
            n.product_name,
            n.ideal_cycle_s,
            n.valid_from_utc,
            n.valid_to_utc,
            n.is_current
        FROM ot_gold_shortcuts.plant.product AS n
        CROSS JOIN (SELECT COALESCE(MAX(product_key), 0) AS top_key FROM dim.product) AS m
        WHERE NOT EXISTS (
            SELECT 1 FROM dim.product AS d WHERE d.product_id = n.product_id AND d.valid_from_utc = n.valid_from_utc
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
