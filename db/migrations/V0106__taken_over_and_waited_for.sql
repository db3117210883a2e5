-- Who has resumed a batch answers for it from then on, as for a pool or a webhook's address.
ALTER TABLE batches ADD COLUMN resumed_by text, ADD COLUMN resumed_key uuid;
UPDATE batches b SET resumed_by = ordered_by, resumed_key = (
    SELECT k.id FROM (SELECT a.person, a.key_name FROM recorded_acts a WHERE a.kind = 'batch' AND a.object = b.batch_id::text AND a.action = 'resumed' ORDER BY a.id DESC LIMIT 1) r
    JOIN users u ON lower(u.mail) = lower(r.person) JOIN api_keys k ON k.user_id = u.id AND k.name = r.key_name ORDER BY k.id DESC LIMIT 1)
WHERE state = 'running' AND completed_at IS NULL AND ordered_by IS NOT NULL;
CREATE INDEX batches_open_of ON batches (lower(COALESCE(resumed_by, requested_by))) WHERE completed_at IS NULL;
DROP INDEX batches_open_by;

-- An edit with a time that waited behind what waits for room was not late for as long.
-- And it has not had its turn until it is claimed, though it was begun before.
ALTER TABLE campaign_edits ADD COLUMN behind_until timestamptz, ADD COLUMN stands_behind boolean NOT NULL DEFAULT false;
UPDATE campaign_edits SET stands_behind = true WHERE held AND state = 'waiting' AND wait_reason = 'an earlier edit of the same campaign comes first';

-- Ids of rows with spaces around them are refused since: whoever sends such a file without them means the same rows.
UPDATE batch_rows r SET row_id = t.trimmed
FROM (
    SELECT DISTINCT ON (social_account_id, trimmed) batch_id, row, social_account_id, trimmed
    FROM (SELECT batch_id, row, social_account_id, regexp_replace(row_id, '^\s+|\s+$', '', 'g') AS trimmed FROM batch_rows WHERE holds AND row_id ~ '^\s|\s$') s
    WHERE trimmed <> '' AND NOT EXISTS (SELECT 1 FROM batch_rows h WHERE h.holds AND h.social_account_id = s.social_account_id AND h.row_id = s.trimmed)
    ORDER BY social_account_id, trimmed, batch_id DESC, row DESC) t
WHERE r.batch_id = t.batch_id AND r.row = t.row;

-- A publisher's events of one account.
CREATE INDEX clip_outcomes_account ON clip_outcomes (social_account_id, event_id DESC);

-- When what Meta says of its ads was last found to be otherwise: a run changes by that after it has ended.
ALTER TABLE orchestrations ADD COLUMN reviewed_at timestamptz;
CREATE INDEX orchestrations_reviewed ON orchestrations (reviewed_at) WHERE reviewed_at IS NOT NULL;

-- Lists of approvals by what was decided since, and of one account.
CREATE INDEX approvals_decided ON approvals (decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX approvals_account ON approvals (social_account_id, number DESC);

-- What is told to one webhook tells of these accounts: of some that several are in. Null: of its own account, or of all.
ALTER TABLE events ADD COLUMN account_ids uuid[];
UPDATE events e SET account_ids = ARRAY(SELECT DISTINCT (m ->> 'social_account_id')::uuid FROM jsonb_array_elements(e.data -> 'members') m WHERE m ->> 'social_account_id' IS NOT NULL)
FROM event_deliveries d JOIN webhooks w ON w.id = d.webhook_id
WHERE d.event_id = e.id AND e.social_account_id IS NULL AND e.type LIKE 'alert.%' AND w.account_ids IS NOT NULL AND jsonb_array_length(e.data -> 'members') > 0 AND COALESCE((e.data ->> 'not_listed')::int, 0) = 0;
CREATE FUNCTION tell_webhook(hook uuid, accounts uuid[], told_type text, told_subject text, at timestamptz, told_data jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    told uuid;
BEGIN
    INSERT INTO events (id, type, account_ids, subject, occurred_at, data)
    SELECT gen_random_uuid(), told_type, accounts, told_subject, at, told_data FROM webhooks w WHERE w.id = hook RETURNING id INTO told;
    INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at)
    SELECT w.id, told, told_type, at, CASE w.state WHEN 'on' THEN 'pending' ELSE 'held' END, at FROM webhooks w WHERE w.id = hook;
    RETURN told;
END $$;
-- For processes of before that still run.
CREATE OR REPLACE FUNCTION tell_webhook(hook uuid, told_type text, told_subject text, at timestamptz, told_data jsonb) RETURNS uuid LANGUAGE sql AS $$
    SELECT tell_webhook(hook, w.account_ids, told_type, told_subject, at, told_data) FROM webhooks w WHERE w.id = hook
$$;
