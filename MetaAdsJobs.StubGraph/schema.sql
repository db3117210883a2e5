-- The world of META_ADS_MODE=stub: what exists "at Meta", shared by every process of the service. Run again and again: see StubSchema.
CREATE SCHEMA IF NOT EXISTS stub_graph;

CREATE TABLE IF NOT EXISTS stub_graph.objects (
    id            text PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('campaign', 'adset', 'creative', 'ad', 'video', 'image')),
    account_id    text NOT NULL,                 -- digits, without act_
    parent_id     text,                          -- an ad set's campaign, an ad's ad set
    creative_id   text,                          -- an ad's creative
    name          text NOT NULL,
    status        text NOT NULL,                 -- as configured; the effective one follows from the parents, see below
    fields        jsonb NOT NULL,                -- the parameters of the create, as given
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    searchable_at timestamptz NOT NULL,          -- Meta's lists may show a new object late; reading by id never does
    deleted_at    timestamptz
);

CREATE INDEX IF NOT EXISTS objects_by_account ON stub_graph.objects (account_id, kind, created_at, id);
CREATE INDEX IF NOT EXISTS objects_by_parent ON stub_graph.objects (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS ads_by_creative ON stub_graph.objects (creative_id) WHERE creative_id IS NOT NULL;

-- Videos that are sent in parts. What came is told by what each part was, not kept.
CREATE TABLE IF NOT EXISTS stub_graph.uploads (
    id         text PRIMARY KEY,
    account_id text NOT NULL,                    -- digits, without act_
    video_id   text NOT NULL,
    file_size  bigint NOT NULL,
    received   bigint NOT NULL DEFAULT 0,        -- bytes, from the first one on
    parts      jsonb NOT NULL DEFAULT '[]'       -- [{"start", "bytes", "sha256"}]
);

-- Accounts that differ from the usual one (USD, UTC). Any other account id is taken to exist.
CREATE TABLE IF NOT EXISTS stub_graph.ad_accounts (
    account_id    text PRIMARY KEY,
    name          text NOT NULL,
    currency      text NOT NULL,
    timezone_name text NOT NULL
);

CREATE TABLE IF NOT EXISTS stub_graph.report_runs (
    id         text PRIMARY KEY,
    account_id text NOT NULL,
    node       text NOT NULL,                    -- act_<digits> or the id of a campaign, ad set or ad
    parameters jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    generation int NOT NULL DEFAULT 0            -- a report in the background tells what was true when it was asked for
);

-- What a test tells about an account's reports. Without a row an account's numbers grow by themselves as they age.
-- Each generation changes some of the numbers of the last 28 days once more.
CREATE TABLE IF NOT EXISTS stub_graph.restatements (
    account_id   text PRIMARY KEY,               -- digits, without act_
    generation   int NOT NULL
);

-- From which size on a report is too much at once: rows' subjects x days x metrics.
CREATE TABLE IF NOT EXISTS stub_graph.insight_limits (
    account_id   text PRIMARY KEY,               -- digits, without act_
    cells        int NOT NULL,
    poison_ad    text,                           -- a report of this ad is always too much,
    poison_field text                            -- if it asks for this field; null for any
);

-- Ads that spend what they are given, and bring pull * spend^0.7 link clicks: told by whoever wants budgets to matter. Others spend what they like. Until a day they spent what is told here, after it what
-- their ad set has.
CREATE TABLE IF NOT EXISTS stub_graph.markets (
    ad_id text PRIMARY KEY,
    pull  double precision NOT NULL,
    spent bigint NOT NULL,                       -- a day, in Meta's units
    until date NOT NULL
);

CREATE OR REPLACE FUNCTION stub_graph.with_market(ad text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT COALESCE((
        SELECT concat_ws('|', ad, m.pull, m.spent, m.until, (SELECT s.fields ->> 'daily_budget' FROM stub_graph.objects o JOIN stub_graph.objects s ON s.id = o.parent_id WHERE o.id = ad))
        FROM stub_graph.markets m WHERE m.ad_id = ad), ad)
$$;

-- An object as Meta shows it: its own status counts first, then the campaign's, then the ad set's.
CREATE OR REPLACE VIEW stub_graph.seen AS
SELECT o.id, o.kind, o.account_id, o.parent_id, o.creative_id, o.name, o.status, o.fields, o.created_at, o.updated_at,
       o.searchable_at, o.deleted_at,
       CASE o.kind WHEN 'ad' THEN parent.parent_id WHEN 'adset' THEN o.parent_id END AS campaign_id,
       CASE
           WHEN o.status <> 'ACTIVE' THEN o.status
           WHEN o.kind = 'adset' AND parent.status = 'PAUSED' OR grandparent.status = 'PAUSED' THEN 'CAMPAIGN_PAUSED'
           WHEN parent.status = 'PAUSED' THEN 'ADSET_PAUSED'
           ELSE o.status
       END AS effective_status
FROM stub_graph.objects o
LEFT JOIN stub_graph.objects parent ON parent.id = o.parent_id
LEFT JOIN stub_graph.objects grandparent ON grandparent.id = parent.parent_id;
