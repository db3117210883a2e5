-- What a campaign spends hangs on all of it that is on: also on what an edit leaves as it is. An approval is bound to that, too, or several that are asked for beside each other would each be of an amount that knows nothing of the others.
-- What the edit itself switches on is left out still, but for what has been paused since it was asked for: that it leaves as it is. Nothing below a campaign that is off spends: how the campaign is switched is no part of it.
-- What a stop has paused stays known as on. Else as in V0080.
CREATE OR REPLACE FUNCTION edit_content(edit uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH e AS (SELECT edit_id, request_id, number, kind, level, meta_id, fields, due_at FROM campaign_edits WHERE edit_id = edit),
    -- Paused since it was asked for: left out when the rest is published.
    l AS (SELECT DISTINCT p.meta_id FROM e JOIN campaign_edits p USING (request_id) WHERE p.number > e.number AND p.kind = 'pause' AND p.state <> 'cancelled'),
    o AS (
        SELECT c.meta_id, NULL AS ad_set, c.status, jsonb_build_object('level', 'campaign', 'name', c.name, 'objective', c.objective, 'daily_budget', c.daily_budget, 'lifetime_budget', c.lifetime_budget,
            'bid_strategy', c.bid_strategy, 'gone', c.status IN ('DELETED', 'ARCHIVED')) AS content
        FROM meta_campaigns c JOIN e USING (request_id)
        UNION ALL
        SELECT s.meta_id, NULL, s.status, jsonb_build_object('level', 'adset', 'name', s.name, 'optimization_goal', s.optimization_goal, 'daily_budget', s.daily_budget, 'lifetime_budget', s.lifetime_budget,
            'bid_strategy', s.bid_strategy, 'bid_amount', s.bid_amount, 'start_time', extract(epoch FROM s.start_time)::bigint, 'end_time', extract(epoch FROM s.end_time)::bigint,
            'targeting', s.targeting, 'gone', s.status IN ('DELETED', 'ARCHIVED'))
        FROM e JOIN meta_campaigns c USING (request_id) JOIN meta_adsets s ON s.campaign_db_id = c.id
        UNION ALL
        SELECT d.meta_id, s.meta_id, d.status, jsonb_build_object('level', 'ad', 'name', d.name, 'ad_set', s.meta_id, 'creative', r.meta_id, 'content', r.content, 'title', r.title, 'description', r.description,
            'landing_url', r.landing_url, 'gone', d.status IN ('DELETED', 'ARCHIVED'))
        FROM e JOIN meta_campaigns c USING (request_id) JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id LEFT JOIN meta_creatives r ON r.id = d.creative_db_id),
    shown AS (
        SELECT o.meta_id, o.content || CASE
            WHEN o.content ->> 'level' = 'campaign' THEN '{}'
            WHEN (e.kind = 'publish' AND (e.level = 'campaign' OR o.ad_set IS NOT DISTINCT FROM e.meta_id) OR e.kind IN ('publish', 'resume') AND o.meta_id = e.meta_id) AND o.meta_id NOT IN (SELECT l.meta_id FROM l) THEN '{}'
            -- Amounts hang on ad sets alone: another ad is none of its business, unless it is shown by what is resumed.
            WHEN o.content ->> 'level' = 'ad' AND NOT (e.kind = 'resume' AND (e.level = 'campaign' OR o.ad_set = e.meta_id)) AND o.meta_id NOT IN (SELECT l.meta_id FROM l) THEN '{}'
            ELSE jsonb_build_object('on', o.status = 'ACTIVE') END AS content
        FROM o, e)
    SELECT jsonb_build_object('kind', e.kind, 'object', e.meta_id, 'fields', e.fields, 'due_at', extract(epoch FROM e.due_at)::bigint,
        'left_out', (SELECT COALESCE(jsonb_agg(l.meta_id ORDER BY l.meta_id), '[]') FROM l),
        'objects', (SELECT jsonb_object_agg(shown.meta_id, CASE WHEN shown.meta_id = e.meta_id THEN shown.content - ARRAY(
            SELECT CASE k WHEN 'daily_budget_cents' THEN 'daily_budget' WHEN 'lifetime_budget_cents' THEN 'lifetime_budget' WHEN 'bid_amount_cents' THEN 'bid_amount' ELSE k END FROM jsonb_object_keys(e.fields) k)
            ELSE shown.content END) FROM shown))
    FROM e
$$;

-- From when on nobody has held the account's activations any more that were free from a moment on: each stop and freeze that began by then, or before what was free would have been late, takes them along to its end. One that begins later
-- holds what is late already, and makes it no less late. A freeze holds from when it was made, also one that was to begin before.
CREATE FUNCTION free_since(account uuid, since timestamptz, late interval, moment timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    free timestamptz := since;
    held_until timestamptz;
BEGIN
    LOOP
        SELECT max(h.ends) INTO held_until FROM (
            SELECT s.stopped_at AS begins, s.lifted_at AS ends FROM stops s WHERE s.lifted_at > free AND (s.social_account_id IS NULL OR s.social_account_id = account)
            UNION ALL
            SELECT GREATEST(f.from_at, f.made_at), LEAST(f.until_at, f.ended_at) FROM freezes f WHERE f.until_at > free AND (f.social_account_id IS NULL OR f.social_account_id = account)
            UNION ALL
            -- One of a week may be days on end, and be ended by a person as well.
            SELECT GREATEST((d.day + f.from_time) AT TIME ZONE a.timezone_name, f.made_at), LEAST((d.day + f.until_time) AT TIME ZONE a.timezone_name, f.ended_at)
            FROM social_accounts a, freezes f, generate_series(0, ((free + late) AT TIME ZONE a.timezone_name)::date - (free AT TIME ZONE a.timezone_name)::date) n, LATERAL (SELECT (free AT TIME ZONE a.timezone_name)::date + n AS day) d
            WHERE a.id = account AND extract(isodow FROM d.day)::int = ANY (f.weekdays) AND (f.social_account_id IS NULL OR f.social_account_id = account)) h
        WHERE h.ends > free AND h.begins <= free + late AND h.begins < LEAST(h.ends, moment);
        EXIT WHEN held_until IS NULL;
        free := held_until;
    END LOOP;
    RETURN free;
END
$$;
