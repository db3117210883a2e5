-- In which currency Meta bills the ad account; null until Meta has told it. Budgets are sent in its units, so nothing is created before.
ALTER TABLE social_accounts ADD COLUMN meta_currency text, ADD COLUMN meta_currency_at timestamptz;
