-- Adds every production date of the shift calendar that dim.date has not.
-- @as_of_utc: the run's clock, which every load takes; a dimension keeps no time of its own loading.
CREATE PROCEDURE [etl].[load_dim_date] @as_of_utc datetime2(6)
AS
BEGIN
    SET NOCOUNT ON;
    BEGIN TRY
        BEGIN TRANSACTION;

        INSERT INTO dim.[date] (
            date_key, [date], [year], [quarter], [month], month_name, iso_week, iso_year, day_of_week, day_name
        )
        SELECT
            YEAR(n.production_date) * 10000 + MONTH(n.production_date) * 100 + DAY(n.production_date),
            n.production_date,
            YEAR(n.production_date),
            DATEPART(quarter, n.production_date),
            MONTH(n.production_date),
            DATENAME(month, n.production_date),
            DATEPART(iso_week, n.production_date),
            -- The ISO year is the year of the week's Thursday.
            YEAR(DATEADD(day, 26 - DATEPART(iso_week, n.production_date), n.production_date)),
            -- 1900-01-01 was a Monday: independent of DATEFIRST.
            DATEDIFF(day, CAST('1900-01-01' AS date), n.production_date) % 7 + 1,
            DATENAME(weekday, n.production_date)
        FROM (SELECT DISTINCT i.production_date FROM ot_gold_shortcuts.plant.shift_instance AS i) AS n
        WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.[date] = n.production_date);

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
