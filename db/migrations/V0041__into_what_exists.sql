-- A request may add to a campaign that is there, of ours or adopted: request_id tells which run made an ad set or ad, campaign_db_id and adset_db_id where it hangs.

CREATE INDEX orchestrations_into ON orchestrations ((request ->> 'campaign_id')) WHERE request ? 'campaign_id';

-- What an adopted ad set is for, in the words of a request; null of those that a request has made.
ALTER TABLE meta_adsets ADD COLUMN given jsonb;

-- The run that has asked for the edit: to activate what it has added. Null of those that people ask for.
ALTER TABLE campaign_edits ADD COLUMN made_by uuid REFERENCES orchestrations ON DELETE CASCADE;
