-- Which runs show a clip: their requests, and edits of what they made. Of a run only its first clip was known.
CREATE TABLE run_clips (
    clip_id             uuid NOT NULL REFERENCES clips,
    request_id          uuid NOT NULL REFERENCES orchestrations ON DELETE CASCADE,
    social_account_id   uuid NOT NULL,
    -- Into which campaign, when that was there before the run.
    into_campaign       text,
    PRIMARY KEY (clip_id, request_id) INCLUDE (social_account_id)
);
INSERT INTO run_clips (clip_id, request_id, social_account_id, into_campaign)
SELECT DISTINCT ON (k.id, u.request_id) k.id, u.request_id, u.social_account_id, u.into_campaign
FROM (
    SELECT o.request_id, o.social_account_id, c #>> '{}' AS clip, CASE WHEN o.request -> 'validate_only' IS NULL THEN o.request ->> 'campaign_id' END AS into_campaign FROM orchestrations o, jsonb_path_query(o.request, '$.**.clip_id') c
    UNION SELECT e.request_id, e.social_account_id, c #>> '{}', NULL FROM campaign_edits e, jsonb_path_query(e.fields -> 'creative', '$.**.clip_id') c WHERE e.fields ? 'creative') u
JOIN clips k ON k.id::text = u.clip
ORDER BY k.id, u.request_id, u.into_campaign;
CREATE INDEX run_clips_into ON run_clips (clip_id) WHERE into_campaign IS NOT NULL;
DROP INDEX orchestrations_of_clip;

-- A clip is seen by who sees an account that it was made for or is shown in. Without a key: who writes the same pair at the same moment waits for nobody.
ALTER TABLE clip_accounts DROP CONSTRAINT clip_accounts_pkey;
CREATE INDEX clip_accounts_clip ON clip_accounts (clip_id, social_account_id);
INSERT INTO clip_accounts (clip_id, social_account_id)
SELECT clip_id, social_account_id FROM run_clips EXCEPT SELECT clip_id, social_account_id FROM clip_accounts;

-- As the run says, whoever records it: so that a person's campaigns are listed without a look at everybody's.
ALTER TABLE meta_campaigns ADD COLUMN requested_by text;
UPDATE meta_campaigns c SET requested_by = o.requested_by FROM orchestrations o WHERE o.request_id = c.request_id;
ALTER TABLE meta_campaigns ALTER COLUMN requested_by SET NOT NULL;
CREATE INDEX meta_campaigns_person ON meta_campaigns (requested_by, id DESC);
CREATE FUNCTION say_who_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.requested_by := (SELECT requested_by FROM orchestrations WHERE request_id = NEW.request_id);
    RETURN NEW;
END $$;
CREATE TRIGGER who_asked BEFORE INSERT ON meta_campaigns FOR EACH ROW EXECUTE FUNCTION say_who_asked();
