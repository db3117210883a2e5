-- What callers have asked for under names of their own, beside runs and experiments, which hold theirs themselves: the same key is done once. Kept as long as what was made.
CREATE TABLE idempotency_keys (
    caller     text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('account', 'clip', 'sync', 'batch')),
    key        text NOT NULL,
    -- SHA-256 of what was sent.
    hash       bytea NOT NULL,
    made_id    uuid NOT NULL,
    -- What the first answer told beside the id.
    told       jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, kind, key)
);
