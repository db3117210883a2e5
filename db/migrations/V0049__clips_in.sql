-- Events in: who may tell that a clip was published, what becomes of it in which account, what came, and what was made of it.

CREATE TABLE publishers (
    id              uuid PRIMARY KEY,
    -- Part of the address that it posts to, and of who has asked for its runs: it does not change.
    name            text NOT NULL UNIQUE,
    description     text,
    is_on           boolean NOT NULL DEFAULT true,
    -- Runs that it may begin by itself within 24 hours.
    runs_per_day    int NOT NULL CHECK (runs_per_day >= 0),
    -- Sealed. The one before is taken, too, until it is over.
    secret          text NOT NULL,
    former_secret   text,
    former_until    timestamptz,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);

-- Where there is none for an account, the publisher may make nothing in it.
CREATE TABLE clip_templates (
    publisher_id        uuid NOT NULL REFERENCES publishers ON DELETE CASCADE,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    -- A request whose texts hold placeholders. json, not jsonb: as a person has written it.
    request             json NOT NULL,
    defaults            json NOT NULL,
    -- Nothing is made before a person has agreed.
    approval            boolean NOT NULL,
    -- Daily budgets, together, of what may be begun by itself within 24 hours; hundredths.
    daily_cap_cents     bigint CHECK (daily_cap_cents > 0),
    changed_by          text NOT NULL,
    changed_at          timestamptz NOT NULL,
    PRIMARY KEY (publisher_id, social_account_id)
);

CREATE TABLE clip_events (
    -- Version 7: newest first is the primary key backwards.
    id              uuid PRIMARY KEY,
    publisher_id    uuid NOT NULL REFERENCES publishers ON DELETE CASCADE,
    -- Its webhook-id: the same message is taken once.
    message_id      text NOT NULL,
    body_hash       bytea NOT NULL,
    type            text NOT NULL,
    -- The publisher's own id of the clip.
    clip_key        text NOT NULL,
    title           text NOT NULL,
    data            json NOT NULL,
    -- By the publisher's clock: of two events of a clip the later one is the truth, whichever comes first.
    changed_at      timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    -- It named no account, and there was no template: a person has to look at it, as at what was refused.
    unplaced        boolean NOT NULL DEFAULT false,
    UNIQUE (publisher_id, message_id)
);
CREATE INDEX clip_events_newest ON clip_events (publisher_id, id DESC);
CREATE INDEX clip_events_clip ON clip_events (publisher_id, clip_key);
CREATE INDEX clip_events_unplaced ON clip_events (publisher_id, received_at) WHERE unplaced;
CREATE INDEX clip_events_received ON clip_events (received_at);

-- What an event has become in each account.
CREATE TABLE clip_outcomes (
    event_id            uuid NOT NULL REFERENCES clip_events ON DELETE CASCADE,
    -- No foreign key: a publisher may name one that there is not.
    social_account_id   uuid NOT NULL,
    state               text NOT NULL CHECK (state IN ('accepted', 'existing', 'outdated', 'refused', 'held', 'over_limit')),
    request_id          uuid,
    errors              jsonb,
    decided_at          timestamptz NOT NULL,
    -- Who took it from the log; null when it came by itself.
    decided_by          text,
    PRIMARY KEY (event_id, social_account_id),
    CHECK ((state IN ('accepted', 'existing')) = (request_id IS NOT NULL))
);
CREATE INDEX clip_outcomes_open ON clip_outcomes (state, event_id) WHERE state IN ('refused', 'held', 'over_limit');

-- The run that a clip has become in an account, for ever: there is no second one, whatever comes and however late.
CREATE TABLE clip_runs (
    publisher_id        uuid NOT NULL REFERENCES publishers,
    clip_key            text NOT NULL,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    daily_cents         bigint NOT NULL,
    -- Taken from the log by a person: not counted among what came by itself.
    by_person           boolean NOT NULL,
    made_at             timestamptz NOT NULL,
    PRIMARY KEY (publisher_id, clip_key, social_account_id)
);
CREATE INDEX clip_runs_made ON clip_runs (publisher_id, made_at);

-- What was told to nobody, for counting it.
CREATE INDEX event_deliveries_undelivered ON event_deliveries (webhook_id, state) WHERE state IN ('failed', 'held');
