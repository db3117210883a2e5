-- What makes a campaign spend more may have to wait: for its time, for somebody's approval, for the end of a freeze. All three are conditions of an edit.

-- When what the request makes is to be activated; null: at once, or not at all.
ALTER TABLE orchestrations ADD COLUMN activate_at timestamptz;

ALTER TABLE campaign_edits
    -- Not before.
    ADD COLUMN due_at timestamptz,
    -- It waits for its time, an approval or the end of a freeze: what is asked for later goes before it, and its campaign is compared with Meta meanwhile.
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT campaign_edits_state_check,
    ADD CONSTRAINT campaign_edits_state_check CHECK (state IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'missed', 'expired'));
CREATE INDEX campaign_edits_due ON campaign_edits (due_at) WHERE due_at IS NOT NULL;

-- Times at which nothing is activated or raised: once, or every week in each account's own zone.
CREATE TABLE freezes (
    id                  uuid PRIMARY KEY,
    -- Null: of all accounts.
    social_account_id   uuid REFERENCES social_accounts,
    from_at             timestamptz,
    until_at            timestamptz CHECK (until_at > from_at),
    -- 1 is Monday.
    weekdays            int[],
    from_time           time,
    -- 24:00 is the end of the day.
    until_time          time CHECK (until_time > from_time),
    reason              text,
    made_by             text NOT NULL,
    made_at             timestamptz NOT NULL,
    ended_at            timestamptz,
    ended_by            text,
    CHECK (num_nonnulls(from_at, until_at) IN (0, 2) AND num_nonnulls(weekdays, from_time, until_time) IN (0, 3) AND (from_at IS NULL) <> (weekdays IS NULL))
);
CREATE INDEX freezes_open ON freezes (social_account_id) WHERE ended_at IS NULL;

-- The freeze that holds the account's activations at that moment, the last to end of several.
CREATE FUNCTION freeze_of(account uuid, moment timestamptz) RETURNS TABLE (ends_at timestamptz, why text) LANGUAGE sql STABLE AS $$
    SELECT f.ends, concat('frozen by ', f.made_by, ': ' || f.reason)
    FROM social_accounts a, LATERAL (
        SELECT z.made_by, z.reason, CASE
            WHEN z.until_at IS NOT NULL THEN CASE WHEN moment >= z.from_at AND moment < z.until_at THEN z.until_at END
            WHEN extract(isodow FROM moment AT TIME ZONE a.timezone_name)::int = ANY (z.weekdays) AND (moment AT TIME ZONE a.timezone_name)::time >= z.from_time
                AND (moment AT TIME ZONE a.timezone_name)::time < z.until_time
            THEN ((moment AT TIME ZONE a.timezone_name)::date + z.until_time) AT TIME ZONE a.timezone_name END AS ends
        FROM freezes z WHERE z.ended_at IS NULL AND (z.social_account_id IS NULL OR z.social_account_id = a.id)) f
    WHERE a.id = account AND f.ends IS NOT NULL ORDER BY f.ends DESC LIMIT 1
$$;

ALTER TABLE social_accounts
    ADD COLUMN approval_required text NOT NULL DEFAULT 'none' CHECK (approval_required IN ('none', 'always', 'above')),
    -- Hundredths of the currency a day.
    ADD COLUMN approval_above_cents bigint CHECK (approval_above_cents >= 0),
    ADD CONSTRAINT social_accounts_approval CHECK ((approval_required = 'above') = (approval_above_cents IS NOT NULL));

-- What an edit would make spend, all that can change of it: by this an approval is bound. How objects are switched is left out, since that is what the edit changes, and of an
-- update the fields that it gives. Moments are seconds: as text they would differ with a connection's time zone.
CREATE FUNCTION edit_content(edit uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH e AS (SELECT edit_id, request_id, number, kind, meta_id, fields, due_at FROM campaign_edits WHERE edit_id = edit),
    o AS (
        SELECT c.meta_id, jsonb_build_object('level', 'campaign', 'name', c.name, 'objective', c.objective, 'daily_budget', c.daily_budget, 'lifetime_budget', c.lifetime_budget,
            'bid_strategy', c.bid_strategy, 'gone', c.status IN ('DELETED', 'ARCHIVED')) AS content
        FROM meta_campaigns c JOIN e USING (request_id)
        UNION ALL
        SELECT s.meta_id, jsonb_build_object('level', 'adset', 'name', s.name, 'optimization_goal', s.optimization_goal, 'daily_budget', s.daily_budget, 'lifetime_budget', s.lifetime_budget,
            'bid_strategy', s.bid_strategy, 'bid_amount', s.bid_amount, 'start_time', extract(epoch FROM s.start_time)::bigint, 'end_time', extract(epoch FROM s.end_time)::bigint,
            'targeting', s.targeting, 'gone', s.status IN ('DELETED', 'ARCHIVED'))
        FROM e JOIN meta_campaigns c USING (request_id) JOIN meta_adsets s ON s.campaign_db_id = c.id
        UNION ALL
        SELECT d.meta_id, jsonb_build_object('level', 'ad', 'name', d.name, 'ad_set', s.meta_id, 'creative', r.meta_id, 'content', r.content, 'title', r.title, 'description', r.description,
            'landing_url', r.landing_url, 'gone', d.status IN ('DELETED', 'ARCHIVED'))
        FROM e JOIN meta_campaigns c USING (request_id) JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id LEFT JOIN meta_creatives r ON r.id = d.creative_db_id)
    SELECT jsonb_build_object('kind', e.kind, 'object', e.meta_id, 'fields', e.fields, 'due_at', extract(epoch FROM e.due_at)::bigint,
        -- Paused since it was asked for: left out when the rest is published.
        'left_out', (SELECT COALESCE(jsonb_agg(DISTINCT p.meta_id ORDER BY p.meta_id), '[]') FROM campaign_edits p WHERE p.request_id = e.request_id AND p.number > e.number AND p.kind = 'pause' AND p.state <> 'cancelled'),
        'objects', (SELECT jsonb_object_agg(o.meta_id, CASE WHEN o.meta_id = e.meta_id THEN o.content - ARRAY(
            SELECT CASE k WHEN 'daily_budget_cents' THEN 'daily_budget' WHEN 'lifetime_budget_cents' THEN 'lifetime_budget' WHEN 'bid_amount_cents' THEN 'bid_amount' ELSE k END FROM jsonb_object_keys(e.fields) k)
            ELSE o.content END) FROM o))
    FROM e
$$;

CREATE FUNCTION content_hash(content jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(sha256(convert_to(content::text, 'UTF8')), 'hex') $$;

-- Whether somebody else than who asks agrees to what an edit makes spend. What is approved is what was shown: any change of it makes the approval void.
CREATE TABLE approvals (
    id                  uuid PRIMARY KEY,
    number              bigint GENERATED ALWAYS AS IDENTITY,
    edit_id             uuid NOT NULL REFERENCES campaign_edits ON DELETE CASCADE,
    request_id          uuid NOT NULL REFERENCES orchestrations ON DELETE CASCADE,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    state               text NOT NULL CHECK (state IN ('asked', 'approved', 'rejected', 'voided', 'expired', 'withdrawn')),
    asked_by            text NOT NULL,
    asked_at            timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    content             jsonb NOT NULL,
    content_hash        text NOT NULL,
    -- What the campaign may spend a day afterwards, in hundredths of the currency.
    daily_cents         bigint NOT NULL,
    decided_by          text,
    decided_at          timestamptz,
    reason              text
) WITH (fillfactor = 80);
-- One at a time, of each edit.
CREATE UNIQUE INDEX approvals_open ON approvals (edit_id) WHERE state IN ('asked', 'approved');
CREATE INDEX approvals_tree ON approvals (request_id, number DESC);
CREATE INDEX approvals_asked ON approvals (number) WHERE state = 'asked';
