-- What an ad can be asked to be beyond the first form of a request: who pays, lifetime budgets, bids, images at Meta, and requests
-- that are only judged.

-- Declared to Meta for ads that may reach the EU; null: the account's name.
ALTER TABLE social_accounts ADD COLUMN dsa_beneficiary text, ADD COLUMN dsa_payor text;

-- Budgets and bids in Meta's units of the currency. Exactly one of the two budgets.
ALTER TABLE meta_adsets
    ALTER COLUMN daily_budget DROP NOT NULL,
    ADD COLUMN lifetime_budget bigint,
    ADD COLUMN bid_strategy text,
    ADD COLUMN bid_amount bigint,
    ADD COLUMN start_time timestamptz,
    ADD COLUMN end_time timestamptz,
    ADD CONSTRAINT meta_adsets_one_budget CHECK (num_nonnulls(daily_budget, lifetime_budget) = 1);

ALTER TABLE meta_creatives ADD COLUMN image_hash text;

-- One image per clip and ad account at Meta. The same bytes give the same hash, so uploading one twice is harmless.
CREATE TABLE clip_images (
    clip_id         uuid NOT NULL REFERENCES clips,
    ad_account_id   text NOT NULL,
    hash            text NOT NULL,
    uploaded_at     timestamptz NOT NULL,
    PRIMARY KEY (clip_id, ad_account_id)
);

-- For validate_only: what Meta said of each object, [{object, checked, ok, error}].
ALTER TABLE orchestrations ADD COLUMN validation jsonb;
ALTER TABLE orchestration_steps DROP CONSTRAINT orchestration_steps_step_check;
ALTER TABLE orchestration_steps ADD CONSTRAINT orchestration_steps_step_check
    CHECK (step IN ('campaign', 'adset', 'media', 'creative', 'ad', 'activate', 'validate'));
