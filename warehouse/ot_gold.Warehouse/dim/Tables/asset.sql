CREATE TABLE [dim].[asset] (
    [asset_key] int NOT NULL,
    [asset_id] varchar(200) NOT NULL,
    [asset_name] varchar(200) NOT NULL,
    [site_id] varchar(200) NOT NULL,
    [site_name] varchar(200) NOT NULL,
    [area] varchar(200) NULL,
    [line] varchar(200) NULL,
    [valid_from_utc] datetime2(6) NOT NULL,
    [valid_to_utc] datetime2(6) NULL,
    [is_current] bit NOT NULL
);
GO
ALTER TABLE [dim].[asset] ADD CONSTRAINT [pk_asset] PRIMARY KEY NONCLUSTERED ([asset_key]) NOT ENFORCED;
