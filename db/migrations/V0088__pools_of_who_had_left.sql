-- By which key a pool from before V0083 was made to act: by the one key of that name that whoever had it act could use then, as the audit tells. Where there were several, nobody knows.
UPDATE budget_pools p SET mode_key = k.key_id
FROM (
    SELECT o.id, min(k.id::text)::uuid AS key_id
    FROM budget_pools o JOIN users u ON lower(u.mail) = lower(o.mode_by)
    CROSS JOIN LATERAL (
        SELECT a.person, a.key_name, a.at FROM recorded_acts a
        WHERE a.social_account_id = o.social_account_id AND a.kind = 'budget pool' AND a.object = o.id::text AND a.fields ?| ARRAY['mode', 'members', 'max_step_percent', 'least_gain_percent'] ORDER BY a.id DESC LIMIT 1) l
    JOIN api_keys k ON k.user_id = u.id AND k.name = l.key_name AND k.created_at <= l.at AND (k.revoked_at IS NULL OR k.revoked_at >= l.at)
    WHERE o.mode = 'act' AND o.mode_key IS NULL AND lower(l.person) = lower(o.mode_by)
    GROUP BY o.id HAVING count(*) = 1) k
WHERE p.id = k.id;

-- Whoever had lost what a pool acts by before pools looked at it loses nothing more: those ask from now on, as they would if it were lost today.
WITH acting AS (
    SELECT p.id, CASE WHEN k.revoked_at IS NOT NULL THEN 'the key by which it was made to act was revoked' ELSE u.mail || ' may no longer do what it does' END AS why
    FROM budget_pools p LEFT JOIN users u ON lower(u.mail) = lower(p.mode_by) LEFT JOIN api_keys k ON k.id = p.mode_key
    WHERE p.mode = 'act' AND (k.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL OR u.role = 'viewer'
        OR (NOT u.all_accounts AND NOT EXISTS (SELECT 1 FROM granted_accounts g WHERE g.holder = u.id AND g.may_spend AND g.social_account_id = p.social_account_id)))),
asking AS (
    UPDATE budget_pools p SET mode = 'ask', mode_why = a.why, updated_at = GREATEST(now(), p.updated_at + interval '1 microsecond') FROM acting a WHERE p.id = a.id
    RETURNING p.id, p.name, p.social_account_id, p.mode_why),
told AS (
    INSERT INTO recorded_acts (at, person, kind, object, object_name, action, social_account_id, fields)
    SELECT now(), 'service', 'budget pool', id::text, name, 'changed', social_account_id,
        jsonb_build_object('mode', jsonb_build_object('old', 'act', 'new', 'ask'), 'mode_why', jsonb_build_object('old', NULL, 'new', mode_why)) FROM asking)
UPDATE budget_proposals q SET state = 'void', state_why = 'it no longer acts by itself: whoever had it act may not', completed_at = now()
FROM asking p
WHERE q.pool_id = p.id AND q.state IN ('none', 'shown', 'asked', 'accepted') AND (q.begun_at IS NULL OR q.begun_at < now() - interval '10 minutes') AND q.day = (SELECT max(day) FROM budget_proposals l WHERE l.pool_id = q.pool_id)
    AND NOT EXISTS (SELECT 1 FROM budget_moves m WHERE m.proposal_id = q.id AND m.edit_id IS NOT NULL);
