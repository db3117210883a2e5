-- One request for a whole ad, its journal, and the four things it becomes.

CREATE TABLE orchestrations (
    -- Version 7: ordered by time, so that "newest first" is the primary key backwards.
    request_id          uuid PRIMARY KEY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    clip_id             uuid NOT NULL REFERENCES clips,
    campaign_name       text NOT NULL,
    request             jsonb NOT NULL,
    requested_by        text NOT NULL,
    idempotency_key     text,
    request_hash        bytea NOT NULL,
    status              text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    -- Set once the request is to be undone: how it will end when the undo is over.
    ending              text CHECK (ending IN ('failed', 'cancelled')),
    cancel_requested    boolean NOT NULL DEFAULT false,
    -- Counts a person's retries; part of the marker, so that a new round never adopts what an older one left.
    round               int NOT NULL DEFAULT 1,
    -- The fencing token: every claim takes the next number, every write names its own.
    attempt             int NOT NULL DEFAULT 0,
    failures            int NOT NULL DEFAULT 0,
    -- Attempts in a row whose process died without a word.
    abandoned           int NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    -- The last moment at which any earlier attempt may have sent a create.
    quiet_since         timestamptz,
    wait_reason         text,
    next_attempt_at     timestamptz,
    job_id              text,
    errors              jsonb NOT NULL DEFAULT '[]',
    insights_sync       jsonb,
    accepted_at         timestamptz NOT NULL,
    started_at          timestamptz,
    completed_at        timestamptz
) WITH (fillfactor = 70);

-- A unique index, not a look before the insert, decides whether an idempotency key is new.
CREATE UNIQUE INDEX orchestrations_idempotency_key ON orchestrations (requested_by, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX orchestrations_status ON orchestrations (status, request_id DESC);
CREATE INDEX orchestrations_account ON orchestrations (social_account_id, request_id DESC);
CREATE INDEX orchestrations_unfinished ON orchestrations (request_id)
    WHERE status IN ('queued', 'running', 'waiting');

CREATE TABLE orchestration_steps (
    request_id      uuid NOT NULL REFERENCES orchestrations ON DELETE CASCADE,
    step            text NOT NULL CHECK (step IN ('campaign', 'adset', 'media', 'creative', 'ad', 'activate')),
    -- pending: proven not to exist. started: perhaps exists. confirmed: exists, meta_id is its id.
    -- deleted: undone. left: could not be undone, a person has to.
    state           text NOT NULL CHECK (state IN ('pending', 'started', 'confirmed', 'deleted', 'left')),
    meta_id         text,
    attempt         int NOT NULL,
    started_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    deleted_at      timestamptz,
    error           text,
    PRIMARY KEY (request_id, step)
) WITH (fillfactor = 70);

CREATE TABLE meta_campaigns (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    meta_id             text NOT NULL UNIQUE,
    name                text NOT NULL,
    objective           text NOT NULL,
    status              text NOT NULL,
    created_at          timestamptz NOT NULL
);
CREATE INDEX meta_campaigns_account ON meta_campaigns (social_account_id);

CREATE TABLE meta_adsets (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    campaign_db_id      bigint NOT NULL REFERENCES meta_campaigns,
    meta_id             text NOT NULL UNIQUE,
    name                text NOT NULL,
    optimization_goal   text NOT NULL,
    billing_event       text NOT NULL,
    -- In Meta's units of the currency (Meta's offset table), not in hundredths.
    daily_budget        bigint NOT NULL,
    currency            text NOT NULL,
    targeting           jsonb NOT NULL,
    status              text NOT NULL,
    created_at          timestamptz NOT NULL
);
CREATE INDEX meta_adsets_campaign ON meta_adsets (campaign_db_id);

CREATE TABLE meta_creatives (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    clip_id             uuid NOT NULL REFERENCES clips,
    meta_id             text NOT NULL UNIQUE,
    name                text NOT NULL,
    title               text NOT NULL,
    description         text,
    landing_url         text NOT NULL,
    video_id            text,
    image_url           text,
    thumbnail_url       text,
    created_at          timestamptz NOT NULL
);

CREATE TABLE meta_ads (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    adset_db_id         bigint NOT NULL REFERENCES meta_adsets,
    creative_db_id      bigint NOT NULL REFERENCES meta_creatives,
    meta_id             text NOT NULL UNIQUE,
    name                text NOT NULL,
    status              text NOT NULL,
    created_at          timestamptz NOT NULL
);
CREATE INDEX meta_ads_adset ON meta_ads (adset_db_id);
