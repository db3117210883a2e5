-- When Meta last told all of a day, and not only when it was last asked for it: what was asked for in vain is not fresh.
ALTER TABLE insight_days ADD COLUMN seen_at timestamptz;
UPDATE insight_days SET seen_at = synced_at WHERE first_at IS NOT NULL;

-- For which accounts an episode was muted: what joins it of others is told.
ALTER TABLE alert_episodes ADD COLUMN muted_accounts uuid[];
UPDATE alert_episodes e SET muted_accounts = ARRAY(SELECT m.social_account_id FROM alert_members m WHERE m.episode_id = e.id UNION SELECT e.social_account_id WHERE e.social_account_id IS NOT NULL)
WHERE e.muted_at IS NOT NULL AND e.closed_at IS NULL;

-- By which key a pool was given its mode (null: by none), and why it no longer acts although nobody has said so.
ALTER TABLE budget_pools ADD COLUMN mode_key uuid, ADD COLUMN mode_why text;

-- Results of some of a campaign's ads are not those of the campaign. Of the days that anybody still decides by.
UPDATE insight_campaign_days c SET results = NULL
FROM (SELECT DISTINCT social_account_id, date_start, campaign_meta_id FROM meta_ad_insights WHERE date_start > current_date - 100 AND results IS NULL AND result_type IS NOT NULL) l
WHERE c.social_account_id = l.social_account_id AND c.date_start = l.date_start AND c.campaign_meta_id = l.campaign_meta_id AND c.results IS NOT NULL;
UPDATE insight_days d SET results = NULL
FROM (SELECT DISTINCT social_account_id, date_start FROM insight_campaign_days WHERE date_start > current_date - 100 AND results IS NULL AND result_type IS NOT NULL) l
WHERE d.social_account_id = l.social_account_id AND d.date_start = l.date_start AND d.results IS NOT NULL;
