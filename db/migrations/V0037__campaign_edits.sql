-- What is done to a campaign after its birth: published, paused, changed, ended. Each edit is a run of its own.

CREATE TABLE campaign_edits (
    edit_id             uuid PRIMARY KEY,
    -- Edits of one campaign are done in this order; its row is locked while one is accepted.
    number              bigint GENERATED ALWAYS AS IDENTITY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    -- Whose tree it is.
    request_id          uuid NOT NULL REFERENCES orchestrations,
    level               text NOT NULL CHECK (level IN ('campaign', 'adset', 'ad')),
    meta_id             text NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('publish', 'pause', 'resume', 'archive', 'delete', 'update')),
    -- What is to become what; the names are the API's.
    fields              jsonb NOT NULL DEFAULT '{}',
    asked_by            text NOT NULL,
    state               text NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    -- As in orchestrations.
    attempt             int NOT NULL DEFAULT 0,
    failures            int NOT NULL DEFAULT 0,
    abandoned           int NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    wait_reason         text,
    next_attempt_at     timestamptz,
    job_id              text,
    -- How it was at Meta before; the names are the API's.
    found               jsonb,
    error               text,
    asked_at            timestamptz NOT NULL,
    started_at          timestamptz,
    completed_at        timestamptz
) WITH (fillfactor = 70);
CREATE INDEX campaign_edits_tree ON campaign_edits (request_id, number DESC);
CREATE INDEX campaign_edits_account ON campaign_edits (social_account_id, number DESC);
CREATE INDEX campaign_edits_unfinished ON campaign_edits (request_id, number) WHERE state IN ('queued', 'running', 'waiting');
