-- Who took the clip from the log: the run forgets that when somebody else retries it.
ALTER TABLE clip_runs ADD COLUMN taken_by text;
UPDATE clip_runs r SET taken_by = o.ordered_by FROM orchestrations o WHERE o.request_id = r.request_id AND r.by_person;
UPDATE clip_runs r SET taken_by = c.decided_by FROM clip_outcomes c WHERE c.request_id = r.request_id AND c.state = 'accepted' AND c.decided_by IS NOT NULL AND r.by_person;
