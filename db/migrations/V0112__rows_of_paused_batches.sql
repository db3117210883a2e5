-- Of a paused batch: not by a person's order, but since who answers for it may no longer do all of it. The same rows of another batch take the places of those that wait in it.
ALTER TABLE batches ADD COLUMN paused_by_itself boolean NOT NULL DEFAULT false;
UPDATE batches b SET paused_by_itself = true
WHERE b.state = 'paused' AND b.completed_at IS NULL
  AND (SELECT a.fields ? 'why' FROM recorded_acts a WHERE a.kind = 'batch' AND a.object = b.batch_id::text AND a.action = 'paused' ORDER BY a.id DESC LIMIT 1);

-- The runs of a batch are cancelled in the commit that cancels it: of one that was cancelled before, its job had yet to do so.
UPDATE orchestrations o SET cancel_requested = true, ordered_by = b.ordered_by, ordered_key = NULL, job_id = NULL
FROM batches b JOIN batch_rows r USING (batch_id)
WHERE b.state = 'cancelled' AND b.completed_at IS NULL AND o.request_id = r.request_id AND o.status IN ('queued', 'running', 'waiting') AND o.ending IS NULL AND NOT o.cancel_requested;
