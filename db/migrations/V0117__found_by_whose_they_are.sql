-- Which accounts an alert of several is in, from its members: nobody else's are looked through for those that are all one's own. Whether they are is asked of the members themselves.
ALTER TABLE alert_episodes ADD COLUMN account_ids uuid[];
UPDATE alert_episodes e SET account_ids = (SELECT array_agg(DISTINCT m.social_account_id) FROM alert_members m WHERE m.episode_id = e.id) WHERE social_account_id IS NULL;
CREATE INDEX alert_episodes_accounts ON alert_episodes USING gin (account_ids) WHERE social_account_id IS NULL;
DROP INDEX alert_episodes_several;
-- What a process of before writes beside this one has none yet: the sweep adds them.
CREATE INDEX alert_episodes_without_accounts ON alert_episodes (id) WHERE social_account_id IS NULL AND account_ids IS NULL;

-- Who may know a key: whoever has made it, or stands behind it.
CREATE FUNCTION in_small_letters(mails text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_agg(lower(mail)) FROM unnest(mails) mail $$;
CREATE INDEX api_keys_known ON api_keys USING gin (in_small_letters(vouched_by || created_by)) WHERE revoked_at IS NULL;

-- Of two accounts of one ad account one is retired, or a double: those are where it is looked for two.
CREATE INDEX social_accounts_beside ON social_accounts (id) WHERE retired_at IS NOT NULL OR double_of IS NOT NULL;
CREATE INDEX social_accounts_at_meta ON social_accounts (ltrim(substr(ad_account_id, 5), '0'));
