-- The sums that pages read: per campaign and day, and per account and day. Written by the same commit as the rows they sum up.
CREATE TABLE insight_campaign_days (
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    date_start          date NOT NULL,
    campaign_meta_id    text COLLATE "C" NOT NULL,
    -- Of all ads, those included that Meta no longer tells of. What Meta would not tell of an ad is skipped; told of none, it is null.
    rows                bigint NOT NULL,
    vanished_rows       bigint NOT NULL,
    impressions         bigint,
    clicks              bigint,
    link_clicks         bigint,
    spend               numeric(20, 4),
    vanished_spend      numeric(20, 4),
    -- Null when the ads do not all count the same.
    results             numeric(20, 4),
    result_type         text,
    currency            text NOT NULL,
    -- When the day was first read after it was over, and what it was then; all null before. A campaign that a later report told of was nothing.
    first_at            timestamptz,
    first_impressions   bigint,
    first_clicks        bigint,
    first_spend         numeric(20, 4),
    first_results       numeric(20, 4),
    PRIMARY KEY (social_account_id, date_start, campaign_meta_id)
) WITH (fillfactor = 90);

-- Written rows wait until their sums are in the making: none may come in behind them. Reading goes on.
LOCK TABLE meta_ad_insights IN SHARE MODE;

-- As first seen: what is now, less what has been restated since the day was over. A row that only a later report brought left no trace of that.
WITH restated AS (
    SELECT social_account_id, date_start, campaign_meta_id,
        COALESCE(sum(COALESCE(new_value, 0) - COALESCE(old_value, 0)) FILTER (WHERE metric = 'impressions'), 0) AS impressions,
        COALESCE(sum(COALESCE(new_value, 0) - COALESCE(old_value, 0)) FILTER (WHERE metric = 'clicks'), 0) AS clicks,
        COALESCE(sum(COALESCE(new_value, 0) - COALESCE(old_value, 0)) FILTER (WHERE metric = 'spend'), 0) AS spend,
        COALESCE(sum(COALESCE(new_value, 0) - COALESCE(old_value, 0)) FILTER (WHERE metric = 'results'), 0) AS results
    FROM insight_changes WHERE definition_id = 0 AND NOT was_partial AND campaign_meta_id IS NOT NULL
    GROUP BY 1, 2, 3),
sums AS (
    SELECT i.social_account_id, i.date_start, i.campaign_meta_id, count(*) AS rows, count(i.vanished_at) AS vanished_rows, sum(i.impressions) AS impressions,
        sum(i.clicks) AS clicks, sum(i.link_clicks) AS link_clicks, sum(i.spend) AS spend, sum(i.spend) FILTER (WHERE i.vanished_at IS NOT NULL) AS vanished_spend,
        CASE WHEN count(i.result_type) = count(*) AND min(i.result_type) = max(i.result_type) THEN sum(i.results) END AS results,
        CASE WHEN count(i.result_type) = count(*) AND min(i.result_type) = max(i.result_type) THEN min(i.result_type) END AS result_type,
        min(i.currency) AS currency, CASE WHEN NOT bool_or(COALESCE(d.is_partial, i.is_partial)) THEN min(i.synced_at) END AS first_at
    FROM meta_ad_insights i LEFT JOIN insight_days d ON d.social_account_id = i.social_account_id AND d.date_start = i.date_start
    GROUP BY 1, 2, 3)
INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, link_clicks, spend, vanished_spend,
    results, result_type, currency, first_at, first_impressions, first_clicks, first_spend, first_results)
SELECT social_account_id, date_start, campaign_meta_id, s.rows, s.vanished_rows, s.impressions, s.clicks, s.link_clicks, s.spend, s.vanished_spend,
    s.results, s.result_type, s.currency, s.first_at,
    CASE WHEN s.first_at IS NOT NULL THEN s.impressions - COALESCE(r.impressions, 0) END, CASE WHEN s.first_at IS NOT NULL THEN s.clicks - COALESCE(r.clicks, 0) END,
    CASE WHEN s.first_at IS NOT NULL THEN s.spend - COALESCE(r.spend, 0) END, CASE WHEN s.first_at IS NOT NULL THEN s.results - COALESCE(r.results, 0) END
FROM sums s LEFT JOIN restated r USING (social_account_id, date_start, campaign_meta_id);

-- Made after the filling, which is quicker; and the lock that keeps readers out comes last, when all is added up.
CREATE INDEX insight_campaign_days_campaign ON insight_campaign_days (campaign_meta_id, date_start);
ANALYZE insight_campaign_days;

CREATE TEMPORARY TABLE summed_days ON COMMIT DROP AS
SELECT social_account_id, date_start, count(*) AS campaigns, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(link_clicks) AS link_clicks, sum(spend) AS spend,
    CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
    CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN min(result_type) END AS result_type,
    sum(first_impressions) AS first_impressions, sum(first_clicks) AS first_clicks, sum(first_spend) AS first_spend,
    CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(first_results) END AS first_results
FROM insight_campaign_days GROUP BY 1, 2;
ANALYZE summed_days;

ALTER TABLE insight_days
    -- What the account's campaigns add up to in all, the same way; rows, spend and difference stay as the last sync found them.
    ADD COLUMN campaigns int NOT NULL DEFAULT 0,
    ADD COLUMN impressions bigint,
    ADD COLUMN clicks bigint,
    ADD COLUMN link_clicks bigint,
    ADD COLUMN total_spend numeric(20, 4),
    ADD COLUMN results numeric(20, 4),
    ADD COLUMN result_type text,
    ADD COLUMN currency text,
    ADD COLUMN first_at timestamptz,
    ADD COLUMN first_impressions bigint,
    ADD COLUMN first_clicks bigint,
    ADD COLUMN first_spend numeric(20, 4),
    ADD COLUMN first_results numeric(20, 4);

WITH days AS (
    SELECT d.social_account_id, d.date_start, a.currency, NOT d.is_partial AS is_over, s.campaigns IS NULL AS is_empty, s.campaigns, s.impressions, s.clicks, s.link_clicks, s.spend,
        s.results, s.result_type, s.first_impressions, s.first_clicks, s.first_spend, s.first_results
    FROM insight_days d JOIN social_accounts a ON a.id = d.social_account_id LEFT JOIN summed_days s ON s.social_account_id = d.social_account_id AND s.date_start = d.date_start)
UPDATE insight_days d SET
    campaigns = CASE WHEN n.is_empty THEN 0 ELSE n.campaigns END, impressions = CASE WHEN n.is_empty THEN 0 ELSE n.impressions END,
    clicks = CASE WHEN n.is_empty THEN 0 ELSE n.clicks END, link_clicks = CASE WHEN n.is_empty THEN 0 ELSE n.link_clicks END,
    total_spend = CASE WHEN n.is_empty THEN 0 ELSE n.spend END, results = CASE WHEN n.is_empty THEN 0 ELSE n.results END, result_type = n.result_type, currency = n.currency,
    first_at = CASE WHEN n.is_over THEN d.synced_at END, first_impressions = CASE WHEN n.is_over THEN CASE WHEN n.is_empty THEN 0 ELSE n.first_impressions END END,
    first_clicks = CASE WHEN n.is_over THEN CASE WHEN n.is_empty THEN 0 ELSE n.first_clicks END END,
    first_spend = CASE WHEN n.is_over THEN CASE WHEN n.is_empty THEN 0 ELSE n.first_spend END END,
    first_results = CASE WHEN n.is_over THEN CASE WHEN n.is_empty THEN 0 ELSE n.first_results END END
FROM days n WHERE n.social_account_id = d.social_account_id AND n.date_start = d.date_start;

CREATE INDEX insight_days_currency ON insight_days (currency, date_start);
