-- Alerts: rules as data, how each stands with each object, what was told, and why it acted or not. How it is judged is in code, once for what happens and for what would have happened.

ALTER TABLE webhooks
    DROP CONSTRAINT webhooks_format_check,
    ADD CONSTRAINT webhooks_format_check CHECK (format IN ('cloudevents', 'slack', 'mail'));

CREATE TABLE alert_rules (
    id                  uuid PRIMARY KEY,
    -- Of those that every installation has: which of them. They are changed and switched off, and never deleted.
    built_in            text UNIQUE,
    name                text NOT NULL,
    metric              text NOT NULL,
    level               text NOT NULL CHECK (level IN ('account', 'campaign', 'adset', 'ad', 'run')),
    -- Null: all.
    account_ids         uuid[],
    campaign_ids        text[],
    -- Days of each account's own calendar, or hours; some metrics have neither.
    window_days         int CHECK (window_days BETWEEN 1 AND 28),
    window_hours        int CHECK (window_hours BETWEEN 1 AND 168),
    compare             text NOT NULL CHECK (compare IN ('value', 'median')),
    -- The median of so many days before the window; the threshold is a percentage of it then.
    median_days         int CHECK (median_days IN (7, 28)),
    direction           text NOT NULL CHECK (direction IN ('above', 'below')),
    threshold           numeric NOT NULL,
    -- Null: where it fires.
    resolve_at          numeric,
    floor_metric        text CHECK (floor_metric IN ('spend', 'impressions', 'clicks', 'results')),
    floor_least         numeric,
    evaluations         int NOT NULL CHECK (evaluations BETWEEN 1 AND 60),
    cooldown_minutes    int NOT NULL CHECK (cooldown_minutes BETWEEN 5 AND 10080),
    severity            text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    group_by            text NOT NULL CHECK (group_by IN ('rule', 'account')),
    enabled             boolean NOT NULL,
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    evaluated_at        timestamptz,
    CHECK (num_nonnulls(window_days, window_hours) <= 1),
    CHECK ((compare = 'median') = (median_days IS NOT NULL)),
    CHECK (num_nonnulls(floor_metric, floor_least) IN (0, 2))
);

-- How a rule stands with an object of which there is something to say; of what is well there is no row.
CREATE TABLE alert_states (
    rule_id             uuid NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
    social_account_id   uuid NOT NULL,
    object              text COLLATE "C" NOT NULL,
    name                text,
    is_firing           boolean NOT NULL,
    -- How many evaluations in a row it was beyond the threshold.
    streak              int NOT NULL,
    -- Since when nothing is known of it. What it was before, it still is.
    no_data_since       timestamptz,
    since               timestamptz NOT NULL,
    value               numeric,
    reference           numeric,
    -- The last day of the window, and when that was read.
    data_day            date,
    data_at             timestamptz,
    PRIMARY KEY (rule_id, social_account_id, object)
) WITH (fillfactor = 80);

-- From the first object that fires to the last that is well: of one rule, or of one rule and account. It outlives its rule.
CREATE TABLE alert_episodes (
    -- Version 7: newest first is the primary key backwards.
    id                  uuid PRIMARY KEY,
    rule_id             uuid NOT NULL,
    rule_name           text NOT NULL,
    built_in            text,
    metric              text NOT NULL,
    level               text NOT NULL,
    severity            text NOT NULL,
    -- Null: of all accounts together.
    social_account_id   uuid,
    opened_at           timestamptz NOT NULL,
    -- Since when all is well; over when it has stayed so for the cooldown.
    quiet_since         timestamptz,
    closed_at           timestamptz,
    closed_why          text,
    messages            int NOT NULL,
    last_message_at     timestamptz,
    acknowledged_by     text,
    acknowledged_at     timestamptz,
    muted_by            text,
    muted_at            timestamptz
);
CREATE UNIQUE INDEX alert_episodes_open ON alert_episodes (rule_id, COALESCE(social_account_id, '00000000-0000-0000-0000-000000000000')) WHERE closed_at IS NULL;
CREATE INDEX alert_episodes_rule ON alert_episodes (rule_id, id DESC);
CREATE INDEX alert_episodes_closed ON alert_episodes (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE alert_members (
    episode_id          uuid NOT NULL REFERENCES alert_episodes ON DELETE CASCADE,
    social_account_id   uuid NOT NULL,
    object              text COLLATE "C" NOT NULL,
    name                text,
    value               numeric,
    reference           numeric,
    data_at             timestamptz,
    fired_at            timestamptz NOT NULL,
    recovered_at        timestamptz,
    has_data            boolean NOT NULL,
    -- How often it has fired.
    times               int NOT NULL,
    -- The message that first told of it; null: none yet.
    told_in             int,
    PRIMARY KEY (episode_id, social_account_id, object)
) WITH (fillfactor = 80);
CREATE INDEX alert_members_recovered ON alert_members (recovered_at) WHERE recovered_at IS NOT NULL;

-- Why it acted, why not. Evaluations that found the same are one row.
CREATE TABLE alert_evaluations (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id             uuid NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
    first_at            timestamptz NOT NULL,
    last_at             timestamptz NOT NULL,
    times               int NOT NULL DEFAULT 1,
    objects             int NOT NULL,
    breached            int NOT NULL,
    -- Too little spend, events or history to judge by.
    too_little          int NOT NULL,
    -- Beyond the threshold, for fewer evaluations in a row than asked for.
    waiting             int NOT NULL,
    no_data             int NOT NULL,
    firing              int NOT NULL,
    fired               int NOT NULL,
    recovered           int NOT NULL,
    -- Messages that went out, and what kept others back.
    told                text[] NOT NULL,
    held_by             text[] NOT NULL,
    milliseconds        int NOT NULL
);
CREATE INDEX alert_evaluations_rule ON alert_evaluations (rule_id, id DESC);
CREATE INDEX alert_evaluations_last ON alert_evaluations (last_at);

-- Ads that Meta refused are looked for every minute.
CREATE INDEX meta_ads_refused ON meta_ads (id) WHERE effective_status IN ('DISAPPROVED', 'WITH_ISSUES');

-- For one webhook alone: of what is told to all it may hear only a part.
CREATE FUNCTION tell_webhook(hook uuid, told_type text, told_subject text, at timestamptz, told_data jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    told uuid;
BEGIN
    INSERT INTO events (id, type, subject, occurred_at, data)
    SELECT gen_random_uuid(), told_type, told_subject, at, told_data FROM webhooks w WHERE w.id = hook RETURNING id INTO told;
    INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at)
    SELECT w.id, told, told_type, at, CASE w.state WHEN 'on' THEN 'pending' ELSE 'held' END, at FROM webhooks w WHERE w.id = hook;
    RETURN told;
END $$;

INSERT INTO alert_rules (id, built_in, name, metric, level, window_days, window_hours, compare, direction, threshold, floor_metric, floor_least, evaluations, cooldown_minutes, severity, group_by, enabled,
    created_by, created_at, updated_at)
SELECT id::uuid, built_in, name, metric, level, window_days, window_hours, 'value', direction, threshold, floor_metric, floor_least, 1, 60, severity, 'rule', true, 'built in', now(), now()
FROM (VALUES
    ('a1e70000-0000-7000-8000-000000000001', 'run_failed', 'Run failed', 'failed_runs', 'run', NULL::int, 24, 'above', 0, NULL, NULL::int, 'warning'),
    ('a1e70000-0000-7000-8000-000000000002', 'token_expiring', 'Token expiring', 'token_days_left', 'account', NULL, NULL, 'below', 7, NULL, NULL, 'critical'),
    ('a1e70000-0000-7000-8000-000000000003', 'ad_rejected', 'Ad rejected', 'rejected_ads', 'ad', NULL, NULL, 'above', 0, NULL, NULL, 'warning'),
    ('a1e70000-0000-7000-8000-000000000004', 'sync_late', 'Sync late', 'sync_age_hours', 'account', NULL, NULL, 'above', 36, NULL, NULL, 'critical'),
    ('a1e70000-0000-7000-8000-000000000005', 'reconcile_difference', 'Reconcile difference', 'difference_percent', 'account', 7, NULL, 'above', 0, NULL, NULL, 'warning'),
    ('a1e70000-0000-7000-8000-000000000006', 'spend_without_results', 'Spend without results', 'spend_without_results', 'campaign', 3, NULL, 'above', 0, 'clicks', 50, 'warning')
) AS r (id, built_in, name, metric, level, window_days, window_hours, direction, threshold, floor_metric, floor_least, severity);
