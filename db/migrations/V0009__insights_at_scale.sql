-- Insights at scale: reports of any cut, what Meta restated, what it no longer tells, and how each sync stands.

-- What an account is asked for every night beside the numbers of its ads. An ended definition keeps its rows.
CREATE TABLE report_definitions (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    name                text NOT NULL,
    level               text NOT NULL CHECK (level IN ('account', 'campaign', 'adset', 'ad')),
    fields              text[] NOT NULL,
    breakdowns          text[] NOT NULL DEFAULT '{}',
    attribution_windows text[] NOT NULL DEFAULT '{}',
    created_at          timestamptz NOT NULL,
    ended_at            timestamptz
);
CREATE UNIQUE INDEX report_definitions_name ON report_definitions (social_account_id, name) WHERE ended_at IS NULL;

-- The numbers of every ad and day, in monthly partitions. Two of our accounts may share an ad account: each has its own rows.
DROP INDEX meta_ad_insights_account, meta_ad_insights_campaign;
ALTER TABLE meta_ad_insights RENAME TO meta_ad_insights_before;
ALTER TABLE meta_ad_insights_before DROP CONSTRAINT meta_ad_insights_pkey;

CREATE TABLE meta_ad_insights (
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    date_start          date NOT NULL,
    ad_meta_id          text COLLATE "C" NOT NULL,
    adset_meta_id       text COLLATE "C" NOT NULL,
    campaign_meta_id    text COLLATE "C" NOT NULL,
    -- A metric that Meta would not tell, however little was asked for at once, is null; one of zero is zero.
    impressions         bigint,
    clicks              bigint,
    link_clicks         bigint,
    reach               bigint,
    -- In whole units of the currency, as Meta reports it (budgets are in Meta's minor units).
    spend               numeric(20, 4),
    -- How often what the ad is optimised for has happened, and which action that is: exactly one, so that nothing counts twice.
    results             numeric(20, 4),
    result_type         text,
    currency            text NOT NULL,
    -- The row as Meta gave it.
    raw                 jsonb NOT NULL,
    -- The day was not over when it was read.
    is_partial          boolean NOT NULL,
    -- When these values were read first; insight_days tells when they were last confirmed.
    synced_at           timestamptz NOT NULL,
    -- Since when Meta's complete reports of the day lack the row. It is kept and counts on.
    vanished_at         timestamptz,
    PRIMARY KEY (social_account_id, date_start, ad_meta_id)
) PARTITION BY RANGE (date_start);
CREATE INDEX meta_ad_insights_campaign ON meta_ad_insights (campaign_meta_id, date_start, ad_meta_id);

-- The rows of report_definitions: never added to those of the ads, they tell of the same money.
CREATE TABLE meta_report_rows (
    definition_id       bigint NOT NULL REFERENCES report_definitions,
    date_start          date NOT NULL,
    -- Of the definition's level.
    object_id           text COLLATE "C" NOT NULL,
    -- The values of the definition's breakdowns in their order, as a JSON list; [] without any.
    breakdown           text COLLATE "C" NOT NULL,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    ad_meta_id          text COLLATE "C",
    adset_meta_id       text COLLATE "C",
    campaign_meta_id    text COLLATE "C",
    impressions         bigint,
    clicks              bigint,
    link_clicks         bigint,
    reach               bigint,
    spend               numeric(20, 4),
    results             numeric(20, 4),
    result_type         text,
    currency            text NOT NULL,
    raw                 jsonb NOT NULL,
    is_partial          boolean NOT NULL,
    synced_at           timestamptz NOT NULL,
    vanished_at         timestamptz,
    PRIMARY KEY (definition_id, date_start, object_id, breakdown)
) PARTITION BY RANGE (date_start);

-- Every value that a later report changed. definition_id is 0 for the numbers of the ads.
CREATE TABLE insight_changes (
    social_account_id   uuid NOT NULL,
    date_start          date NOT NULL,
    definition_id       bigint NOT NULL,
    object_id           text COLLATE "C" NOT NULL,
    breakdown           text COLLATE "C" NOT NULL,
    campaign_meta_id    text COLLATE "C",
    metric              text NOT NULL,
    old_value           numeric,
    new_value           numeric,
    -- The old value was read while the day was not over: it grew, nothing was restated.
    was_partial         boolean NOT NULL,
    changed_at          timestamptz NOT NULL
) PARTITION BY RANGE (date_start);
CREATE INDEX insight_changes_account ON insight_changes (social_account_id, date_start, object_id, changed_at);

-- One account's day: when it was last read, what it adds up to, and whether Meta's own sum for the account agrees.
CREATE TABLE insight_days (
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    date_start          date NOT NULL,
    synced_at           timestamptz NOT NULL,
    sync_id             uuid NOT NULL,
    is_partial          boolean NOT NULL,
    -- Of the rows that the report held; those that vanished come beside.
    rows                bigint NOT NULL,
    spend               numeric(20, 4) NOT NULL,
    vanished_rows       bigint NOT NULL,
    vanished_spend      numeric(20, 4) NOT NULL,
    -- What Meta says of the account as a whole; null when it was not asked or did not say.
    account_spend       numeric(20, 4),
    -- account_spend less what the ads add up to, beyond rounding; zero when they agree, with or without what vanished.
    difference          numeric(20, 4),
    PRIMARY KEY (social_account_id, date_start)
);
CREATE INDEX insight_days_differing ON insight_days (date_start) WHERE difference <> 0;

ALTER TABLE insight_syncs
    -- From its first run to its end one sync has the account for itself, its waits included.
    ADD COLUMN holding boolean NOT NULL DEFAULT false,
    -- Runs in a row whose process died without a word.
    ADD COLUMN abandoned int NOT NULL DEFAULT 0,
    ADD COLUMN reports int NOT NULL DEFAULT 0,
    ADD COLUMN reports_read int NOT NULL DEFAULT 0,
    -- The last day that stands in the tables.
    ADD COLUMN stored_until date,
    ADD COLUMN rows_restated bigint NOT NULL DEFAULT 0,
    ADD COLUMN rows_vanished bigint NOT NULL DEFAULT 0,
    -- What Meta would not tell even when asked for the least: a list of sentences.
    ADD COLUMN left_out text[] NOT NULL DEFAULT '{}';
DROP INDEX insight_syncs_running;
UPDATE insight_syncs SET holding = true WHERE state = 'running';
CREATE UNIQUE INDEX insight_syncs_holding ON insight_syncs (social_account_id) WHERE holding;
CREATE INDEX insight_syncs_night ON insight_syncs (nightly_for, state) WHERE nightly_for IS NOT NULL;

-- What a sync asks Meta for: one report per definition, or many once Meta has found one too large.
CREATE TABLE insight_reports (
    sync_id             uuid NOT NULL REFERENCES insight_syncs,
    no                  int NOT NULL,
    definition_id       bigint NOT NULL,
    since               date NOT NULL,
    until               date NOT NULL,
    -- All of the account, or only what these campaigns or ads have.
    scope               text NOT NULL CHECK (scope IN ('account', 'campaigns', 'ads')),
    scope_ids           text[] NOT NULL DEFAULT '{}',
    -- Read at once page by page, or prepared by Meta in the background.
    mode                text NOT NULL CHECK (mode IN ('direct', 'async')),
    state               text NOT NULL CHECK (state IN ('planned', 'submitted', 'ready', 'read', 'split', 'refused')),
    run_id              text,
    submissions         int NOT NULL DEFAULT 0,
    submitted_at        timestamptz,
    percent             int NOT NULL DEFAULT 0,
    progressed_at       timestamptz,
    next_poll_at        timestamptz,
    -- How far it has been read: the pages before the cursor are in insight_staging.
    cursor              text,
    pages               int NOT NULL DEFAULT 0,
    rows                bigint NOT NULL DEFAULT 0,
    error               text,
    PRIMARY KEY (sync_id, no)
) WITH (fillfactor = 70);

-- Pages wait here until the last one has been read. Unlogged: after a crash of PostgreSQL it is empty, which the missing mark
-- tells, and the pages are read again.
DROP TABLE insight_staging;
CREATE UNLOGGED TABLE insight_staging (
    sync_id             uuid NOT NULL,
    report_no           int NOT NULL,
    definition_id       bigint NOT NULL,
    date_start          date NOT NULL,
    object_id           text COLLATE "C" NOT NULL,
    breakdown           text COLLATE "C" NOT NULL,
    ad_meta_id          text COLLATE "C",
    adset_meta_id       text COLLATE "C",
    campaign_meta_id    text COLLATE "C",
    impressions         bigint,
    clicks              bigint,
    link_clicks         bigint,
    reach               bigint,
    spend               numeric(20, 4),
    results             numeric(20, 4),
    result_type         text,
    raw                 jsonb NOT NULL,
    -- Read field by field, and some Meta would not tell: what was known of those stays.
    is_incomplete       boolean NOT NULL
);
CREATE INDEX insight_staging_day ON insight_staging (sync_id, date_start, object_id);
-- A row per sync that has pages waiting. Unlogged as they are, it is gone when they are.
CREATE UNLOGGED TABLE insight_staging_marks (sync_id uuid PRIMARY KEY);

-- Months are made before they are needed. Attaching a table lets readers and writers of the others go on, creating it as a partition would not.
CREATE FUNCTION ensure_insight_partitions(since date, until date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', since);
    parent text;
    child text;
BEGIN
    WHILE month <= until LOOP
        FOREACH parent IN ARRAY ARRAY['meta_ad_insights', 'meta_report_rows', 'insight_changes'] LOOP
            child := parent || to_char(month, '"_"YYYYMM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            PERFORM pg_advisory_xact_lock(hashtext('ensure_insight_partitions'));
            -- Looked for in the table itself: after waiting, to_regclass still answers as before.
            CONTINUE WHEN EXISTS (SELECT 1 FROM pg_class WHERE relname = child);
            -- Room on each page, so that a restated row stays where it is.
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = 90)', child, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, month, month + interval '1 month');
        END LOOP;
        month := month + interval '1 month';
    END LOOP;
END
$$;

SELECT ensure_insight_partitions(
    LEAST((SELECT min(date_start) FROM meta_ad_insights_before), (current_date - interval '2 months')::date),
    GREATEST((SELECT max(date_start) FROM meta_ad_insights_before), (current_date + interval '3 months')::date));

INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, reach, spend, currency, raw,
    is_partial, synced_at)
SELECT social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, reach, spend, currency,
    jsonb_build_object('actions', actions), false, synced_at
FROM meta_ad_insights_before;
DROP TABLE meta_ad_insights_before;
