-- Secrets before the last one that are still within their time, and until when each is: whoever exchanges a secret twice need not have seen the first. As many of the one as of the other.
ALTER TABLE webhooks ADD COLUMN earlier_secrets text[] NOT NULL DEFAULT '{}', ADD COLUMN earlier_until timestamptz[] NOT NULL DEFAULT '{}';
ALTER TABLE publishers ADD COLUMN earlier_secrets text[] NOT NULL DEFAULT '{}', ADD COLUMN earlier_until timestamptz[] NOT NULL DEFAULT '{}';
