CREATE TABLE [fact].[production_loss] (
    [date_key] int NOT NULL,
    [shift_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [node] varchar(200) NOT NULL,
    [loss_category] varchar(50) NOT NULL,
    [position] int NOT NULL,
    [duration_s] float NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[production_loss] ADD CONSTRAINT [pk_production_loss]
    PRIMARY KEY NONCLUSTERED ([date_key], [shift_key], [asset_key], [node]) NOT ENFORCED;
