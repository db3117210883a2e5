-- A publish or resume that may have switched its object on ends once that is paused and can come on no more, whyever it ends; ending tells as what.
ALTER TABLE campaign_edits
    DROP CONSTRAINT campaign_edits_ending_check,
    ADD CONSTRAINT campaign_edits_ending_check CHECK (ending IN ('failed', 'cancelled', 'missed', 'expired')),
    ADD COLUMN switched boolean NOT NULL DEFAULT false;
UPDATE campaign_edits SET switched = true WHERE kind IN ('publish', 'resume') AND attempt > 0 AND state IN ('queued', 'running', 'waiting');
