-- What the database was last migrated to, as one hash: a process that finds its own there starts at once.
CREATE TABLE schema_fingerprint (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint     text NOT NULL,
    migrated_at     timestamptz NOT NULL DEFAULT now()
);
