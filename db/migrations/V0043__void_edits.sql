-- What was void while an attempt carried it out keeps that attempt's lease until it has told what it changed; of one that died others tell.
CREATE INDEX campaign_edits_untold ON campaign_edits (edit_id) WHERE state = 'cancelled' AND lease_until IS NOT NULL;
