-- An earlier start was activating it again when a later one was to leave it paused: it is paused until no call of the earlier one can be under way, and then idle.
ALTER TABLE activations ADD COLUMN is_left boolean NOT NULL DEFAULT false;
CREATE INDEX activations_left ON activations (social_account_id) WHERE is_left;
