-- Every version of every asset (SCD2). A version is known by asset and start, and keeps its key for good.
-- @as_of_utc: the run's clock, which every load takes; a dimension keeps no time of its own loading.
CREATE PROCEDURE [etl].[load_dim_asset] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE d
        FROM dim.asset AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM etl.asset_source AS n WHERE n.asset_id = d.asset_id AND n.valid_from_utc = d.valid_from_utc
        );

        UPDATE d
        SET
            d.asset_name = n.asset_name,
            d.site_id = n.site_id,
            d.site_name = n.site_name,
            d.area = n.area,
            d.line = n.line,
            d.valid_to_utc = n.valid_to_utc,
            d.is_current = n.is_current
        FROM dim.asset AS d
        INNER JOIN etl.asset_source AS n ON n.asset_id = d.asset_id AND n.valid_from_utc = d.valid_from_utc
        WHERE d.asset_name <> n.asset_name
            OR d.site_id <> n.site_id
            OR d.site_name <> n.site_name
            OR COALESCE(d.area, '') <> COALESCE(n.area, '')
            OR COALESCE(d.line, '') <> COALESCE(n.line, '')
            OR COALESCE(d.valid_to_utc, CAST('9999-12-31' AS datetime2(6)))
                <> COALESCE(n.valid_to_utc, CAST('9999-12-31' AS datetime2(6)))
            OR d.is_current <> n.is_current;

        INSERT INTO dim.asset (
            asset_key, asset_id, asset_name, site_id, site_name, area, line, valid_from_utc, valid_to_utc, is_current
        )
        SELECT
            CAST(m.top_key + ROW_NUMBER() OVER (ORDER BY n.asset_id, n.valid_from_utc) AS int),
            n.asset_id,
            n.asset_name,
            n.site_id,
            n.site_name,
            n.area,
            n.line,
            n.valid_from_utc,
            n.valid_to_utc,
            n.is_current
        FROM etl.asset_source AS n
        CROSS JOIN (SELECT COALESCE(MAX(asset_key), 0) AS top_key FROM dim.asset) AS m
        WHERE NOT EXISTS (
            SELECT 1 FROM dim.asset AS d WHERE d.asset_id = n.asset_id AND d.valid_from_utc = n.valid_from_utc
        );

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
