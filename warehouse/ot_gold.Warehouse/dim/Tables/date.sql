CREATE TABLE [dim].[date] (
    [date_key] int NOT NULL,
    [date] date NOT NULL,
    [year] int NOT NULL,
    [quarter] int NOT NULL,
    [month] int NOT NULL,
    [month_name] varchar(20) NOT NULL,
    [iso_week] int NOT NULL,
    [iso_year] int NOT NULL,
    [day_of_week] int NOT NULL,
    [day_name] varchar(20) NOT NULL
);
GO
ALTER TABLE [dim].[date] ADD CONSTRAINT [pk_date] PRIMARY KEY NONCLUSTERED ([date_key]) NOT ENFORCED;
