-- Who has resumed a batch answers for it from then on, as for a pool or a webhook's address.
ALTER TABLE batches ADD COLUMN resumed_by text, ADD COLUMN resumed_key uuid;
UPDATE batches SET resumed_by = ordered_by WHERE state = 'running' AND completed_at IS NULL;
CREATE INDEX batches_open_of ON batches (lower(COALESCE(resumed_by, requested_by))) WHERE completed_at IS NULL;
DROP INDEX batches_open_by;

-- An edit with a time that waited behind what waits for room was not late for as long.
ALTER TABLE campaign_edits ADD COLUMN behind_until timestamptz;

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
