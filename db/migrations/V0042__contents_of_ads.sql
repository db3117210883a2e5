-- What an ad shows and whom an ad set addresses may change after their birth. A creative never changes: another one is made, by steps as a run's, and the ad is pointed to it.

ALTER TABLE campaign_edits
    -- As in orchestrations: set once what it has made is to be taken back; how it will end then.
    ADD COLUMN ending text CHECK (ending IN ('failed', 'cancelled')),
    ADD COLUMN quiet_since timestamptz,
    ADD COLUMN round int NOT NULL DEFAULT 1;

CREATE TABLE edit_steps (
    edit_id         uuid NOT NULL REFERENCES campaign_edits ON DELETE CASCADE,
    -- Of the ad's run: creative or media.
    step            text NOT NULL,
    -- As in orchestration_steps.
    state           text NOT NULL CHECK (state IN ('pending', 'started', 'confirmed', 'deleted', 'left')),
    meta_id         text,
    attempt         int NOT NULL,
    started_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    deleted_at      timestamptz,
    error           text,
    refusals        int NOT NULL DEFAULT 0,
    PRIMARY KEY (edit_id, step)
) WITH (fillfactor = 70);

-- The row of an ad's creative is that of what it shows now. By hand several ads can be pointed to one.
ALTER TABLE meta_creatives
    DROP CONSTRAINT meta_creatives_meta_id_key,
    -- What an edit has given it, in the words of a request's ad; null: the run's request says it, or, of kind outside, somebody in Ads Manager.
    ADD COLUMN content jsonb;
