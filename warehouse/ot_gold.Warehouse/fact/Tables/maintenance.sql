CREATE TABLE [fact].[maintenance] (
    [date_key] int NOT NULL,
    [asset_key] int NOT NULL,
    [component] varchar(200) NOT NULL,
    [operating_s] float NOT NULL,
    [failures] bigint NOT NULL,
    [restored_failures] bigint NOT NULL,
    [open_failures] bigint NOT NULL,
    [restore_s] float NOT NULL,
    [acknowledged_orders] bigint NOT NULL,
    [acknowledge_s] float NOT NULL,
    [waiting_s] float NOT NULL,
    [wrench_s] float NOT NULL,
    [due_orders] bigint NOT NULL,
    [done_orders] bigint NOT NULL,
    [pending_orders] bigint NOT NULL,
    [due_preventive] bigint NOT NULL,
    [done_preventive] bigint NOT NULL,
    [corrective_s] float NOT NULL,
    [preventive_s] float NOT NULL,
    [restated_at_utc] datetime2(6) NOT NULL,
    [version] int NOT NULL
);
GO
ALTER TABLE [fact].[maintenance] ADD CONSTRAINT [pk_maintenance]
    PRIMARY KEY NONCLUSTERED ([date_key], [asset_key], [component]) NOT ENFORCED;
