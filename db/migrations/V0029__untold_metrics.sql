-- A sum skips what Meta has not told of some of its rows: of how many that is, stands beside it.
ALTER TABLE insight_campaign_days ADD COLUMN untold_rows bigint NOT NULL DEFAULT 0;
ALTER TABLE insight_days ADD COLUMN untold_rows bigint NOT NULL DEFAULT 0;

UPDATE insight_campaign_days c SET untold_rows = u.rows
FROM (SELECT social_account_id, date_start, campaign_meta_id, count(*) AS rows FROM meta_ad_insights
      WHERE impressions IS NULL OR clicks IS NULL OR spend IS NULL GROUP BY 1, 2, 3) u
WHERE c.social_account_id = u.social_account_id AND c.date_start = u.date_start AND c.campaign_meta_id = u.campaign_meta_id;

UPDATE insight_days d SET untold_rows = u.rows
FROM (SELECT social_account_id, date_start, sum(untold_rows) AS rows FROM insight_campaign_days WHERE untold_rows > 0 GROUP BY 1, 2) u
WHERE d.social_account_id = u.social_account_id AND d.date_start = u.date_start;
