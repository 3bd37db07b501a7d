CREATE TABLE [dim].[shift] (
    [shift_key] int NOT NULL,
    [site_id] varchar(200) NOT NULL,
    [shift_id] varchar(200) NOT NULL,
    [shift_name] varchar(200) NOT NULL,
    [start_local] varchar(20) NOT NULL,
    [end_local] varchar(20) NOT NULL
);
GO
ALTER TABLE [dim].[shift] ADD CONSTRAINT [pk_shift] PRIMARY KEY NONCLUSTERED ([shift_key]) NOT ENFORCED;
