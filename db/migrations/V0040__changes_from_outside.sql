-- What people change in Ads Manager is read, recorded and counted from then on.

ALTER TABLE meta_campaigns
    ADD COLUMN compared_at timestamptz,
    -- When it is compared with Meta next.
    ADD COLUMN compare_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 day';
UPDATE meta_campaigns SET compare_at = clock_timestamp() + random() * interval '1 day';
CREATE INDEX meta_campaigns_compare ON meta_campaigns (compare_at) WHERE status NOT IN ('DELETED', 'ARCHIVED');

CREATE TABLE outside_changes (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    request_id          uuid NOT NULL REFERENCES orchestrations ON DELETE CASCADE,
    level               text NOT NULL CHECK (level IN ('campaign', 'adset', 'ad')),
    meta_id             text NOT NULL,
    -- status, name, daily_budget, lifetime_budget, end_time or bid_amount; budgets and bids in Meta's units.
    field               text NOT NULL,
    was                 text,
    "is"                text,
    found_at            timestamptz NOT NULL
);
CREATE INDEX outside_changes_tree ON outside_changes (request_id, id DESC);
CREATE INDEX outside_changes_account ON outside_changes (social_account_id, id DESC);

-- What is missing at Meta is believed only when it is missing an hour later, too.
ALTER TABLE meta_campaigns ADD COLUMN missing_since timestamptz;

-- A stop pauses what may be active first, and then looks at what was paused once.
CREATE INDEX activations_to_stop ON activations (social_account_id, (state = 'idle'), request_id) WHERE state IN ('activating', 'active', 'idle');

-- Whether something sent to an object may still be carried out.
CREATE INDEX meta_changes_unknown ON meta_changes (request_id, path, sent_at) WHERE outcome = 'outcome_unknown';
