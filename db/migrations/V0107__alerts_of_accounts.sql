-- The list of who sees some accounts: of each account its newest, open ones first; what several accounts are in is of none.
CREATE INDEX alert_episodes_account ON alert_episodes (social_account_id, (closed_at IS NOT NULL), id DESC);
