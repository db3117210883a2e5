-- The console's list of clips: found by the words of their titles, and in how many runs each of them is.
CREATE INDEX clips_title ON clips USING gin (to_tsvector('simple', regexp_replace(title, '[^[:alnum:]]+', ' ', 'g'))) WITH (fastupdate = off);
CREATE INDEX orchestrations_clip ON orchestrations (clip_id);
