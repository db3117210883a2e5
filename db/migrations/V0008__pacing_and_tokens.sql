-- What Meta's usage headers told, beside the blocks; who wrote it, so that nobody reads his own news.
ALTER TABLE account_pacing
    ALTER COLUMN blocked_until DROP NOT NULL,
    ALTER COLUMN reason DROP NOT NULL,
    ADD COLUMN usage_pct double precision,
    ADD COLUMN usage_at timestamptz,
    ADD COLUMN written_by uuid;

CREATE INDEX account_pacing_updated ON account_pacing (updated_at);

ALTER TABLE social_accounts
    -- What Meta said when the token was last checked. Checked and no expiry: it never expires.
    ADD COLUMN token_checked_at timestamptz,
    ADD COLUMN token_expires_at timestamptz,
    ADD COLUMN token_scopes text[] NOT NULL DEFAULT '{}',
    -- Set when Meta blocks what the account does (368): its orchestrations wait until a person unblocks it.
    ADD COLUMN blocked_at timestamptz,
    ADD COLUMN block_reason text;
