CREATE TABLE [dim].[product] (
    [product_key] int NOT NULL,
    [product_id] varchar(200) NOT NULL,
    [product_name] varchar(200) NOT NULL,
    [ideal_cycle_s] float NOT NULL,
    [valid_from_utc] datetime2(6) NOT NULL,
    [valid_to_utc] datetime2(6) NULL,
    [is_current] bit NOT NULL
);
GO
ALTER TABLE [dim].[product] ADD CONSTRAINT [pk_product] PRIMARY KEY NONCLUSTERED ([product_key]) NOT ENFORCED;
