CREATE TABLE [fact].[energy] (
    [date_key] int NOT NULL,
    [shift_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [state] varchar(200) NOT NULL,
    [time_category] varchar(50) NOT NULL,
    [energy_kwh] float NOT NULL,
    [finished_energy_kwh] float NOT NULL,
    [good_qty] float NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[energy] ADD CONSTRAINT [pk_energy]
    PRIMARY KEY NONCLUSTERED ([date_key], [shift_key], [asset_key], [state], [time_category]) NOT ENFORCED;
