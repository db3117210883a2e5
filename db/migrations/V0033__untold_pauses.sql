-- What a stop is about to pause and has not told of in the audit yet: whoever finds it after a death does.
ALTER TABLE activations ADD COLUMN untold_ids text[] NOT NULL DEFAULT '{}';
