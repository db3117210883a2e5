-- Who stands behind a key, a link or a session beside its user: whoever made it, and whoever made what it was made with. What these have asked for is not approved by it. Of a key its
-- maker stands in created_by.
ALTER TABLE api_keys ADD COLUMN vouched_by text[] NOT NULL DEFAULT '{}';
ALTER TABLE sign_in_links ADD COLUMN vouched_by text[] NOT NULL DEFAULT '{}';
ALTER TABLE sessions ADD COLUMN vouched_by text[] NOT NULL DEFAULT '{}';

-- Whoever was shown a publisher's secret after who made it, and whose template a clip's run is of: they have asked for what it has become.
ALTER TABLE publishers ADD COLUMN known_by text[] NOT NULL DEFAULT '{}';
ALTER TABLE clip_runs ADD COLUMN template_by text;
UPDATE clip_runs r SET template_by = t.changed_by FROM clip_templates t WHERE (t.publisher_id, t.social_account_id) = (r.publisher_id, r.social_account_id);

-- Who gave it its address after who made it; null: nobody.
ALTER TABLE webhooks ADD COLUMN address_by text;
