-- Of what is resumed only what is on below it spends: that is a part of what somebody approves. Whoever switches on another ad set, or ad, meanwhile makes the approval void.
-- Else as in V0047.
CREATE OR REPLACE FUNCTION edit_content(edit uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH e AS (SELECT edit_id, request_id, number, kind, level, meta_id, fields, due_at FROM campaign_edits WHERE edit_id = edit),
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
        SELECT o.meta_id, o.content || CASE WHEN e.kind = 'resume' AND o.meta_id <> e.meta_id AND (e.level = 'campaign' OR o.ad_set = e.meta_id) THEN jsonb_build_object('on', o.status = 'ACTIVE') ELSE '{}' END AS content FROM o, e)
    SELECT jsonb_build_object('kind', e.kind, 'object', e.meta_id, 'fields', e.fields, 'due_at', extract(epoch FROM e.due_at)::bigint,
        -- Paused since it was asked for: left out when the rest is published.
        'left_out', (SELECT COALESCE(jsonb_agg(DISTINCT p.meta_id ORDER BY p.meta_id), '[]') FROM campaign_edits p WHERE p.request_id = e.request_id AND p.number > e.number AND p.kind = 'pause' AND p.state <> 'cancelled'),
        'objects', (SELECT jsonb_object_agg(shown.meta_id, CASE WHEN shown.meta_id = e.meta_id THEN shown.content - ARRAY(
            SELECT CASE k WHEN 'daily_budget_cents' THEN 'daily_budget' WHEN 'lifetime_budget_cents' THEN 'lifetime_budget' WHEN 'bid_amount_cents' THEN 'bid_amount' ELSE k END FROM jsonb_object_keys(e.fields) k)
            ELSE shown.content END) FROM shown))
    FROM e
$$;
