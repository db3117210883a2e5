-- What lists are asked for by: runs of a clip in their order, and by time what has no id that is made of it.
CREATE INDEX orchestrations_of_clip ON orchestrations (clip_id, request_id DESC);
DROP INDEX orchestrations_clip;
CREATE INDEX campaign_edits_asked ON campaign_edits (asked_at);
CREATE INDEX campaign_edits_completed ON campaign_edits (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX meta_campaigns_created ON meta_campaigns (created_at);
CREATE INDEX clips_created ON clips (created_at);
CREATE INDEX social_accounts_updated ON social_accounts (updated_at);
CREATE INDEX batch_rows_account ON batch_rows (batch_id, social_account_id);
