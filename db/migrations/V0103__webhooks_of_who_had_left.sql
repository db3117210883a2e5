-- Somebody else may have switched on what was switched off because of whose address it is, or had it tell of more than that one sees: those are off from now on, as they would be if it were lost today.
WITH gone AS (
    UPDATE webhooks w SET state = 'off', off_at = now(), updated_at = GREATEST(now(), w.updated_at + interval '1 microsecond'), off_reason = l.why
    FROM (
        SELECT o.id, CASE WHEN k.revoked_at IS NOT NULL THEN 'the key by which it was given its address was revoked' ELSE u.mail || ' may no longer see all that it tells of' END AS why
        FROM webhooks o LEFT JOIN users u ON lower(u.mail) = lower(COALESCE(o.address_by, o.created_by)) LEFT JOIN api_keys k ON k.id = o.address_key
        WHERE o.state = 'on' AND (k.revoked_at IS NOT NULL OR u.disabled_at IS NOT NULL
            OR (NOT u.all_accounts AND (o.account_ids IS NULL OR NOT o.account_ids <@ ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id))))) l
    WHERE w.id = l.id
    RETURNING w.id, w.shown_url, w.description, w.off_reason, w.failing_since),
held AS (
    UPDATE event_deliveries d SET state = 'held', lease_until = NULL FROM gone WHERE d.webhook_id = gone.id AND d.state = 'pending'),
told AS (
    INSERT INTO recorded_acts (at, person, kind, object, object_name, action, fields)
    SELECT now(), 'service', 'webhook', id::text, COALESCE(description, shown_url), 'switched off', jsonb_build_object('off_reason', jsonb_build_object('old', NULL, 'new', off_reason)) FROM gone)
SELECT count(tell_event('webhook.switched_off', NULL, id::text, now(), jsonb_build_object('webhook_id', id, 'url', shown_url, 'reason', off_reason, 'failing_since', failing_since))) FROM gone;
