-- What has ended lately is counted and timed for /metrics.
CREATE INDEX orchestrations_completed ON orchestrations (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX insight_syncs_completed ON insight_syncs (completed_at) WHERE completed_at IS NOT NULL;
