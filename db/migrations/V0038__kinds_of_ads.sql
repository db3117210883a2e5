-- An ad may show a post that exists already, and no clip of ours; or several clips and texts, which stand in the request. clip_id is the first that is shown.

ALTER TABLE orchestrations ALTER COLUMN clip_id DROP NOT NULL;
ALTER TABLE meta_creatives ALTER COLUMN clip_id DROP NOT NULL, ALTER COLUMN title DROP NOT NULL, ALTER COLUMN landing_url DROP NOT NULL, ADD COLUMN kind text NOT NULL DEFAULT 'single';
