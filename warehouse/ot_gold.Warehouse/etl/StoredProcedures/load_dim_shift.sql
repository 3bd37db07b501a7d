-- One row per shift of a site, and key 0: outside every shift. A changed name or time is written over, the key stays.
-- @as_of_utc: the run's clock, which every load takes; a dimension keeps no time of its own loading.
CREATE PROCEDURE [etl].[load_dim_shift] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        IF NOT EXISTS (SELECT 1 FROM dim.shift WHERE shift_key = 0)
            INSERT INTO dim.shift (shift_key, site_id, shift_id, shift_name, start_local, end_local)
            VALUES (0, '', '', 'outside shifts', '', '');

        UPDATE d
        SET
            d.shift_name = n.shift_name,
            d.start_local = n.start_local,
            d.end_local = n.end_local
        FROM dim.shift AS d
        INNER JOIN ot_gold_shortcuts.plant.shift AS n ON n.site_id = d.site_id AND n.shift_id = d.shift_id
        WHERE d.shift_name <> n.shift_name OR d.start_local <> n.start_local OR d.end_local <> n.end_local;

        INSERT INTO dim.shift (shift_key, site_id, shift_id, shift_name, start_local, end_local)
        SELECT
            CAST(m.top_key + ROW_NUMBER() OVER (ORDER BY n.site_id, n.shift_id) AS int),
            n.site_id,
            n.shift_id,
            n.shift_name,
            n.start_local,
            n.end_local
        FROM ot_gold_shortcuts.plant.shift AS n
        CROSS JOIN (SELECT COALESCE(MAX(shift_key), 0) AS top_key FROM dim.shift) AS m
        WHERE NOT EXISTS (SELECT 1 FROM dim.shift AS d WHERE d.site_id = n.site_id AND d.shift_id = n.shift_id);

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
