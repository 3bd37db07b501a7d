-- From when to when a version of a product holds for facts. The first version reaches back without end, so that the
-- shift in which a product was introduced has a product.
CREATE VIEW [etl].[product_period] AS
SELECT
    product_key,
    product_id,
    CASE
        WHEN ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY valid_from_utc) = 1 THEN CAST('0001-01-01' AS datetime2(6))
        ELSE valid_from_utc
    END AS from_utc,
    COALESCE(valid_to_utc, CAST('9999-12-31' AS datetime2(6))) AS to_utc
FROM dim.product;
