-- Lists that are asked for by a person, or by what has changed since, without a walk through the whole of them.
CREATE INDEX insight_syncs_person ON insight_syncs (requested_by, sync_id DESC);
CREATE INDEX batches_person ON batches (requested_by, batch_id DESC);
CREATE INDEX clip_outcomes_decided ON clip_outcomes (decided_at);
CREATE INDEX insight_changes_changed ON insight_changes (social_account_id, changed_at);
