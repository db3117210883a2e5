-- By which key somebody asked for a change at Meta, ordered a run, accepted a proposal; null: by none. What was told before is not told anew: the audit is added to only.
ALTER TABLE meta_changes ADD COLUMN asked_key text;
ALTER TABLE orchestrations ADD COLUMN ordered_key text;
ALTER TABLE experiment_proposals ADD COLUMN accepted_key text;
ALTER TABLE budget_proposals ADD COLUMN decided_key text;
-- Edits by who asked for them, as runs are.
CREATE INDEX campaign_edits_person ON campaign_edits (asked_by, number DESC);

-- Lists in their order, which is found whoever looks: of edits, approvals and alerts there was none but by campaign, account or rule.
CREATE INDEX campaign_edits_newest ON campaign_edits (number DESC);
CREATE INDEX approvals_newest ON approvals (number DESC);
CREATE INDEX alert_episodes_newest ON alert_episodes ((closed_at IS NOT NULL), id DESC);
-- Which clips were used in some accounts, without their runs.
DROP INDEX orchestrations_account;
CREATE INDEX orchestrations_account ON orchestrations (social_account_id, request_id DESC) INCLUDE (clip_id);
