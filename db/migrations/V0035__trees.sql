-- A request may be a campaign of several ad sets, each with several ads. The first ad set and the first ad have the names of the only ones.

ALTER TABLE orchestration_steps DROP CONSTRAINT orchestration_steps_step_check;
ALTER TABLE orchestration_steps ADD CONSTRAINT orchestration_steps_step_check
    CHECK (step ~ '^(campaign|activate|validate|(adset|media)(:[0-9]+)?|(creative|ad)(:[0-9]+\.[0-9]+)?)$');

ALTER TABLE meta_adsets ADD COLUMN step text NOT NULL DEFAULT 'adset';
ALTER TABLE meta_adsets DROP CONSTRAINT meta_adsets_request_id_key;
ALTER TABLE meta_adsets ADD UNIQUE (request_id, step);

ALTER TABLE meta_creatives ADD COLUMN step text NOT NULL DEFAULT 'creative';
ALTER TABLE meta_creatives DROP CONSTRAINT meta_creatives_request_id_key;
ALTER TABLE meta_creatives ADD UNIQUE (request_id, step);

ALTER TABLE meta_ads ADD COLUMN step text NOT NULL DEFAULT 'ad';
ALTER TABLE meta_ads DROP CONSTRAINT meta_ads_request_id_key;
ALTER TABLE meta_ads ADD UNIQUE (request_id, step);

-- The step of the ad set that an ad hangs on; null for what is no ad.
CREATE FUNCTION ad_set_of(step text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN step = 'ad' OR step LIKE 'ad:1.%' THEN 'adset' WHEN step LIKE 'ad:%' THEN 'adset:' || split_part(substr(step, 4), '.', 1) END
$$;

-- The budget may be the campaign's, in Meta's units of the currency; its ad sets have none then.
ALTER TABLE meta_campaigns ADD COLUMN daily_budget bigint, ADD COLUMN lifetime_budget bigint, ADD COLUMN bid_strategy text;
ALTER TABLE meta_adsets DROP CONSTRAINT meta_adsets_one_budget;
ALTER TABLE meta_adsets ADD CONSTRAINT meta_adsets_one_budget CHECK (num_nonnulls(daily_budget, lifetime_budget) <= 1);
