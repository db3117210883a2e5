-- By which key somebody asked for a change at Meta, ordered a run, accepted a proposal; null: by none. What was told before is not told anew: the audit is added to only.
ALTER TABLE meta_changes ADD COLUMN asked_key text;
ALTER TABLE orchestrations ADD COLUMN ordered_key text;
ALTER TABLE experiment_proposals ADD COLUMN accepted_key text;
ALTER TABLE budget_proposals ADD COLUMN decided_key text;
-- Edits by who asked for them, as runs are.
CREATE INDEX campaign_edits_person ON campaign_edits (asked_by, number DESC);
