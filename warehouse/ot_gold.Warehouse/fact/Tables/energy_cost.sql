CREATE TABLE [fact].[energy_cost] (
    [date_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [meter_id] varchar(400) NOT NULL,
    [charge] varchar(50) NOT NULL,
    [tariff_id] varchar(200) NOT NULL,
    [period] varchar(200) NOT NULL,
    [currency] varchar(50) NOT NULL,
    [is_top_meter] bit NOT NULL,
    [is_leaf_meter] bit NOT NULL,
    [energy_kwh] float NOT NULL,
    [unpriced_kwh] float NOT NULL,
    [cost] float NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[energy_cost] ADD CONSTRAINT [pk_energy_cost]
    PRIMARY KEY NONCLUSTERED ([date_key], [asset_key], [meter_id], [charge], [tariff_id], [period]) NOT ENFORCED;
