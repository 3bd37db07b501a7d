-- Adds every date that a fact stands on and dim.date has not.
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
            YEAR(n.[date]) * 10000 + MONTH(n.[date]) * 100 + DAY(n.[date]),
            n.[date],
            YEAR(n.[date]),
            DATEPART(quarter, n.[date]),
            MONTH(n.[date]),
            DATENAME(month, n.[date]),
            DATEPART(iso_week, n.[date]),
            -- The ISO year is the year of the week's Thursday.
            YEAR(DATEADD(day, 26 - DATEPART(iso_week, n.[date]), n.[date])),
            -- 1900-01-01 was a Monday: independent of DATEFIRST.
            DATEDIFF(day, CAST('1900-01-01' AS date), n.[date]) % 7 + 1,
            DATENAME(weekday, n.[date])
        FROM etl.date_source AS n
        WHERE NOT EXISTS (SELECT 1 FROM dim.[date] AS d WHERE d.[date] = n.[date]);

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
END;
