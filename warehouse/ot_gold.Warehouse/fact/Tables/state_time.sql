CREATE TABLE [fact].[state_time] (
    [date_key] int NOT NULL,
    [shift_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [state] varchar(200) NOT NULL,
    [time_category] varchar(50) NOT NULL,
    [duration_s] float NOT NULL,
    [planned_stop_s] float NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[state_time] ADD CONSTRAINT [pk_state_time]
    PRIMARY KEY NONCLUSTERED ([date_key], [shift_key], [asset_key], [state], [time_category]) NOT ENFORCED;
