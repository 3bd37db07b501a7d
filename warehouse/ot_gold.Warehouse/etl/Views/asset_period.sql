-- From when to when a version of an asset holds for facts. The first version reaches back without end, so that the
-- shift in which an asset was commissioned has an asset.
CREATE VIEW [etl].[asset_period] AS
SELECT
    asset_key,
    asset_id,
    CASE
        WHEN ROW_NUMBER() OVER (PARTITION BY asset_id ORDER BY valid_from_utc) = 1 THEN CAST('0001-01-01' AS datetime2(6))
        ELSE valid_from_utc
    END AS from_utc,
    COALESCE(valid_to_utc, CAST('9999-12-31' AS datetime2(6))) AS to_utc
FROM dim.asset;
