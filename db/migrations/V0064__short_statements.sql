-- Every statement here is short: compiling one (jit) takes longer than it runs, and a new table of which PostgreSQL has no statistics yet makes it believe otherwise.
-- A role that does not own the database may not say so; docs/scaling.md tells whoever does.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'jit stays as it is: the role does not own the database';
END $$;

-- What a sweep looks for beside activations_untold: activated again after a stop by one who has not told of it.
CREATE INDEX activations_behind_a_start ON activations (social_account_id) WHERE state = 'activating' AND paused_ids <> '{}';
