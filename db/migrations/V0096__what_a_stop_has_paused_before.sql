-- What an earlier stop has paused, and nobody has given back, is looked at by the next one, after all that may be active.
CREATE INDEX activations_for_a_stop ON activations (social_account_id, (state IN ('idle', 'paused')), request_id) WHERE state IN ('activating', 'active', 'idle', 'paused');

-- What a start gives back.
CREATE INDEX activations_to_give_back ON activations (social_account_id, request_id) WHERE paused_ids <> '{}';

DROP INDEX activations_to_stop;
