-- What the console looks for: a campaign by the words of its name, a run by any id Meta gave it, steps by when they were confirmed.
-- Whatever stands between words: PostgreSQL would take intro.mp4 for one word, and find it by no part.
CREATE INDEX orchestrations_name ON orchestrations USING gin (to_tsvector('simple', regexp_replace(campaign_name, '[^[:alnum:]]+', ' ', 'g'))) WITH (fastupdate = off);
CREATE INDEX orchestration_steps_meta_id ON orchestration_steps (meta_id) WHERE meta_id IS NOT NULL;
