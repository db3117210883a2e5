-- The numbers: one row per ad and day of the ad account's own calendar.

CREATE TABLE meta_ad_insights (
    ad_meta_id          text NOT NULL,
    date_start          date NOT NULL,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    campaign_meta_id    text NOT NULL,
    adset_meta_id       text NOT NULL,
    impressions         bigint NOT NULL,
    clicks              bigint NOT NULL,
    reach               bigint NOT NULL,
    -- In whole units of the currency, as Meta reports it (budgets are in Meta's minor units).
    spend               numeric(20, 4) NOT NULL,
    currency            text NOT NULL,
    actions             jsonb NOT NULL DEFAULT '[]',
    synced_at           timestamptz NOT NULL,
    PRIMARY KEY (ad_meta_id, date_start)
);
CREATE INDEX meta_ad_insights_account ON meta_ad_insights (social_account_id, date_start, ad_meta_id);
CREATE INDEX meta_ad_insights_campaign ON meta_ad_insights (campaign_meta_id, date_start, ad_meta_id);

CREATE TABLE insight_syncs (
    sync_id             uuid PRIMARY KEY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    since               date NOT NULL,
    until               date NOT NULL,
    requested_by        text NOT NULL,
    -- The account's night this sync belongs to; null when a person asked for it.
    nightly_for         date,
    state               text NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'succeeded', 'failed')),
    attempt             int NOT NULL DEFAULT 0,
    failures            int NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    wait_reason         text,
    next_attempt_at     timestamptz,
    job_id              text,
    pages_read          int NOT NULL DEFAULT 0,
    rows_read           bigint NOT NULL DEFAULT 0,
    days_synced         int NOT NULL DEFAULT 0,
    error               text,
    queued_at           timestamptz NOT NULL,
    started_at          timestamptz,
    completed_at        timestamptz,
    CHECK (since <= until)
) WITH (fillfactor = 70);

-- Two syncs of one account never run at once: the index says so, not a look before the update.
CREATE UNIQUE INDEX insight_syncs_running ON insight_syncs (social_account_id) WHERE state = 'running';
-- A night is fanned out once, even when the fan-out job itself is run twice.
CREATE UNIQUE INDEX insight_syncs_nightly ON insight_syncs (social_account_id, nightly_for) WHERE nightly_for IS NOT NULL;
CREATE INDEX insight_syncs_account ON insight_syncs (social_account_id, queued_at DESC);
CREATE INDEX insight_syncs_unfinished ON insight_syncs (sync_id) WHERE state IN ('queued', 'running', 'waiting');

-- Pages wait here until the last one has been read; only then do they replace what stands in meta_ad_insights.
CREATE TABLE insight_staging (
    sync_id             uuid NOT NULL,
    attempt             int NOT NULL,
    ad_meta_id          text NOT NULL,
    date_start          date NOT NULL,
    campaign_meta_id    text NOT NULL,
    adset_meta_id       text NOT NULL,
    impressions         bigint NOT NULL,
    clicks              bigint NOT NULL,
    reach               bigint NOT NULL,
    spend               numeric(20, 4) NOT NULL,
    currency            text NOT NULL,
    actions             jsonb NOT NULL
);
CREATE INDEX insight_staging_sync ON insight_staging (sync_id);
