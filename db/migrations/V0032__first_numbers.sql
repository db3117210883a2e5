-- What Meta tells of new campaigns is stored by one sync for all that end before it begins.
CREATE UNIQUE INDEX insight_syncs_new_campaigns ON insight_syncs (social_account_id) WHERE state = 'queued' AND requested_by = 'new campaigns';
