-- What several accounts are in is read beside what is of each: few, among very many. That the account is null makes no other index one that is in this order.
CREATE INDEX alert_episodes_several ON alert_episodes ((closed_at IS NOT NULL), id DESC) WHERE social_account_id IS NULL;
