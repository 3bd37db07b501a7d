CREATE TABLE [fact].[spc_signal] (
    [date_key] int NOT NULL,
    [shift_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [chart_id] varchar(200) NOT NULL,
    [statistic] varchar(50) NOT NULL,
    [rule_name] varchar(100) NOT NULL,
    [points] bigint NOT NULL,
    [judged_points] bigint NOT NULL,
    [signal_points] bigint NOT NULL,
    [fired_count] bigint NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[spc_signal] ADD CONSTRAINT [pk_spc_signal]
    PRIMARY KEY NONCLUSTERED ([date_key], [shift_key], [asset_key], [chart_id], [statistic], [rule_name]) NOT ENFORCED;
