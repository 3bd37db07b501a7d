CREATE TABLE [fact].[production] (
    [date_key] int NOT NULL,
    [shift_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [product_key] int NOT NULL,
    [planned_busy_s] float NOT NULL,
    [production_s] float NOT NULL,
    [planned_stop_production_s] float NOT NULL,
    [unplanned_down_s] float NOT NULL,
    [unqualified_s] float NOT NULL,
    [produced_qty] float NOT NULL,
    [good_qty] float NOT NULL,
    [scrap_qty] float NOT NULL,
    [rework_qty] float NOT NULL,
    [ideal_runtime_s] float NOT NULL,
    [ideal_good_runtime_s] float NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[production] ADD CONSTRAINT [pk_production]
    PRIMARY KEY NONCLUSTERED ([date_key], [shift_key], [asset_key], [product_key]) NOT ENFORCED;
