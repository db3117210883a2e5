-- A file of requests. A row becomes an orchestration like any other once it is let in; how it ends is read from there.
CREATE TABLE batches (
    -- Version 7: newest first is the primary key backwards.
    batch_id      uuid PRIMARY KEY,
    name          text,
    -- The headings of a CSV file, in their order; null of JSON.
    columns       text[],
    -- What stood between its cells.
    separator     text,
    row_count     int NOT NULL,
    requested_by  text NOT NULL,
    -- Who paused, resumed or cancelled it last.
    ordered_by    text,
    state         text NOT NULL CHECK (state IN ('running', 'paused', 'cancelled')),
    created_at    timestamptz NOT NULL,
    -- When its last row had ended.
    completed_at  timestamptz,
    -- The job that lets rows in.
    job_id        text
);
CREATE INDEX batches_unended ON batches (batch_id) WHERE completed_at IS NULL;

CREATE TABLE batch_rows (
    batch_id           uuid NOT NULL REFERENCES batches,
    -- From 1 on, as they stand in the file.
    row                int NOT NULL,
    row_id             text NOT NULL,
    social_account_id  uuid NOT NULL REFERENCES social_accounts,
    -- As it was sent, to be mended and sent again.
    sent               jsonb NOT NULL,
    -- What its name has become; null where none is asked for.
    campaign_name      text,
    hash               bytea NOT NULL,
    -- waiting: not let in yet. begun: request_id tells the rest. refused, cancelled: never begun. again: was sent before, of_batch and of_row tell the rest.
    state              text NOT NULL CHECK (state IN ('waiting', 'begun', 'refused', 'cancelled', 'again')),
    request_id         uuid UNIQUE REFERENCES orchestrations,
    refusal            jsonb,
    -- No foreign key: rows are never deleted, and who let the earlier one in would wait for who writes the later.
    of_batch           uuid,
    of_row             int,
    -- Of all rows of an account with one id, the one that stands for it.
    holds              boolean NOT NULL,
    PRIMARY KEY (batch_id, row),
    CHECK ((state = 'begun') = (request_id IS NOT NULL)),
    CHECK ((state = 'again') = (of_row IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal IS NOT NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX batch_rows_key ON batch_rows (social_account_id, row_id) WHERE holds;
CREATE INDEX batch_rows_waiting ON batch_rows (social_account_id, batch_id, row) WHERE state = 'waiting';
CREATE INDEX batch_rows_begun ON batch_rows (social_account_id, batch_id) WHERE state = 'begun';

-- The batch by which a mended row has taken a failed run's place: it is not retried, or there would be two ads for one row.
ALTER TABLE orchestrations ADD COLUMN replaced_by uuid;
