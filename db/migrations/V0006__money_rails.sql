-- What keeps other people's money safe: who changed what at Meta, what may spend, the stop switch, and how Meta's own checks ended.

-- One row for every change at Meta, done or not: who asked, what was sent, what came back. Committed together with the journal's
-- write that follows the change. It names other tables without references: an audit outlives what it tells of.
CREATE TABLE meta_changes (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    social_account_id   uuid NOT NULL,
    request_id          uuid,
    asked_by            text NOT NULL,
    method              text NOT NULL,
    path                text NOT NULL,
    -- The fields of the call; never the token. Long values (an image's bytes) are cut.
    sent                jsonb NOT NULL,
    sent_at             timestamptz NOT NULL,
    outcome             text NOT NULL,
    http_status         int,
    answer              text
);
CREATE INDEX meta_changes_request ON meta_changes (request_id, id DESC);
CREATE INDEX meta_changes_account ON meta_changes (social_account_id, id DESC);

-- Who last ordered something of the orchestration (cancel, retry); null: who asked for it in the first place.
ALTER TABLE orchestrations ADD COLUMN ordered_by text;

-- The stop switch and its history. No account: all of them.
CREATE TABLE stops (
    id                  uuid PRIMARY KEY,
    social_account_id   uuid REFERENCES social_accounts,
    stopped_at          timestamptz NOT NULL,
    stopped_by          text NOT NULL,
    reason              text,
    lifted_at           timestamptz,
    lifted_by           text,
    -- Whether lifting it also activates again what it paused.
    reactivate          boolean NOT NULL DEFAULT true,
    -- The job that carries out the stop, or its lifting; null once there is nothing left to do.
    job_id              text
);
CREATE UNIQUE INDEX stops_in_force ON stops (COALESCE(social_account_id, '00000000-0000-0000-0000-000000000000')) WHERE lifted_at IS NULL;

-- Everything this service may have activated. Caps add it up, the stop switch pauses it.
CREATE TABLE activations (
    request_id          uuid PRIMARY KEY REFERENCES orchestrations ON DELETE CASCADE,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    -- activating: from the permit on, perhaps active already; active; paused: by the stop switch; idle: left paused by a start, or
    -- found paused by hand; ended: deleted or gone.
    state               text NOT NULL CHECK (state IN ('activating', 'active', 'paused', 'idle', 'ended')),
    -- What a stop found active and pauses: that, and nothing a person had paused, is activated again.
    paused_ids          text[] NOT NULL DEFAULT '{}',
    -- What it may spend a day, in hundredths of the account's currency.
    daily_cents         bigint NOT NULL,
    ends_at             timestamptz,
    -- Until then a call that activates may still be under way.
    busy_until          timestamptz,
    changed_at          timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX activations_spending ON activations (social_account_id) WHERE state IN ('activating', 'active');
CREATE INDEX activations_paused ON activations (social_account_id) WHERE state = 'paused';

INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at)
SELECT o.request_id, o.social_account_id, CASE WHEN o.status = 'succeeded' THEN 'active' ELSE 'activating' END,
       (o.request ->> 'daily_budget_cents')::bigint, now()
FROM orchestrations o JOIN orchestration_steps s ON s.request_id = o.request_id
WHERE s.step = 'activate' AND s.state IN ('started', 'confirmed')
  -- Undone ones are deleted at Meta, but for those that could not be.
  AND (o.status NOT IN ('failed', 'cancelled')
       OR EXISTS (SELECT 1 FROM orchestration_steps c WHERE c.request_id = o.request_id AND c.step = 'campaign' AND c.state = 'left'));

-- Null: the service's default. caps_off: no cap, by choice.
ALTER TABLE social_accounts
    ADD COLUMN campaign_cap_cents bigint CHECK (campaign_cap_cents > 0),
    ADD COLUMN daily_cap_cents bigint CHECK (daily_cap_cents > 0),
    ADD COLUMN caps_off boolean NOT NULL DEFAULT false;

-- A create's answer is not final: Meta checks on. Looked at until all is settled or the deadline is over.
CREATE TABLE object_reviews (
    request_id          uuid PRIMARY KEY REFERENCES orchestrations ON DELETE CASCADE,
    looks               int NOT NULL DEFAULT 0,
    -- Null: no further look.
    next_at             timestamptz,
    deadline_at         timestamptz NOT NULL,
    settled_at          timestamptz
) WITH (fillfactor = 80);
CREATE INDEX object_reviews_due ON object_reviews (next_at) WHERE next_at IS NOT NULL;

ALTER TABLE meta_campaigns ADD COLUMN effective_status text, ADD COLUMN issues jsonb NOT NULL DEFAULT '[]';
ALTER TABLE meta_adsets ADD COLUMN effective_status text, ADD COLUMN issues jsonb NOT NULL DEFAULT '[]';
ALTER TABLE meta_creatives ADD COLUMN effective_status text, ADD COLUMN issues jsonb NOT NULL DEFAULT '[]';
ALTER TABLE meta_ads ADD COLUMN effective_status text, ADD COLUMN issues jsonb NOT NULL DEFAULT '[]';
