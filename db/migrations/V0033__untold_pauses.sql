-- What a stop is about to pause and has not told of in the audit yet: whoever finds it after a death does.
ALTER TABLE activations ADD COLUMN untold_ids text[] NOT NULL DEFAULT '{}';
UPDATE activations SET untold_ids = paused_ids WHERE state IN ('active', 'activating') AND cardinality(paused_ids) > 0;
