-- A clip is seen by who sees an account that it was made for or is shown in. The latter was asked of its runs one by one, and of each only the first clip. Without a key: who writes the same pair at the same moment waits for nobody.
ALTER TABLE clip_accounts DROP CONSTRAINT clip_accounts_pkey;
CREATE INDEX clip_accounts_clip ON clip_accounts (clip_id, social_account_id);
INSERT INTO clip_accounts (clip_id, social_account_id)
SELECT k.id, u.social_account_id
FROM (
    SELECT DISTINCT o.social_account_id, c #>> '{}' AS clip FROM orchestrations o, jsonb_path_query(o.request, '$.**.clip_id') c
    UNION SELECT DISTINCT e.social_account_id, c #>> '{}' FROM campaign_edits e, jsonb_path_query(e.fields -> 'creative', '$.**.clip_id') c WHERE e.fields ? 'creative') u
JOIN clips k ON k.id::text = u.clip
WHERE NOT EXISTS (SELECT 1 FROM clip_accounts a WHERE a.clip_id = k.id AND a.social_account_id = u.social_account_id);

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
