-- When what a key had made was ended since its time was over: once, by a sweep. Those that expired before this are found by the first.
ALTER TABLE api_keys ADD COLUMN expired_at timestamptz;
CREATE INDEX api_keys_due ON api_keys (expires_at) WHERE expires_at IS NOT NULL AND expired_at IS NULL AND revoked_at IS NULL;
