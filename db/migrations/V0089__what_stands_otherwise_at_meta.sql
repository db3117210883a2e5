-- Of a publish or resume: what is paused when it does not succeed, where that is not what the rows of its campaign tell. Written before it switches on anything; null: as they tell.
ALTER TABLE campaign_edits ADD COLUMN taken_back text[];

-- What an earlier stop has paused, and nobody has given back, is paused by the next one, after all that may be active.
DROP INDEX activations_to_stop;
CREATE INDEX activations_to_stop ON activations (social_account_id, (state IN ('idle', 'paused')), request_id) WHERE state IN ('activating', 'active', 'idle', 'paused');

-- What a start gives back.
CREATE INDEX activations_to_give_back ON activations (social_account_id, request_id) WHERE paused_ids <> '{}';
