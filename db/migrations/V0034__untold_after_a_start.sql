-- What somebody paused who had not heard that the stop was lifted, and died: the sweep looks for it.
CREATE INDEX activations_untold ON activations (social_account_id) WHERE untold_ids <> '{}';
