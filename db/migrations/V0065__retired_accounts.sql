-- An ad account of Meta's is one row here, so that its caps and its stop are of all of it; and a row may be retired: its history stays, its token goes.
ALTER TABLE social_accounts
    ADD COLUMN retired_at timestamptz,
    ADD COLUMN retired_by text,
    -- A second row of an ad account, from before that was refused: which row was there first. Nothing is begun or activated in it until one of the two is retired.
    ADD COLUMN double_of uuid REFERENCES social_accounts,
    ALTER COLUMN access_token DROP NOT NULL,
    ADD CONSTRAINT social_accounts_token CHECK ((retired_at IS NULL) = (access_token IS NOT NULL));

UPDATE social_accounts a SET double_of = first.id
FROM (SELECT DISTINCT ON (ltrim(substr(ad_account_id, 5), '0')) id, ltrim(substr(ad_account_id, 5), '0') AS meta_id FROM social_accounts ORDER BY 2, created_at, id) first
WHERE first.meta_id = ltrim(substr(a.ad_account_id, 5), '0') AND first.id <> a.id;

CREATE UNIQUE INDEX social_accounts_of_meta ON social_accounts (ltrim(substr(ad_account_id, 5), '0')) WHERE retired_at IS NULL AND double_of IS NULL;
CREATE INDEX social_accounts_doubles ON social_accounts (double_of) WHERE double_of IS NOT NULL;

-- What begins something, or goes on with it, shares the account's row until its commit, and who retires the account locks it: whichever is second sees the first.
CREATE FUNCTION refuse_in_retired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM social_accounts WHERE id = NEW.social_account_id AND retired_at IS NULL FOR KEY SHARE;
    IF NOT FOUND AND EXISTS (SELECT 1 FROM social_accounts WHERE id = NEW.social_account_id) THEN
        RAISE EXCEPTION 'account % is retired', NEW.social_account_id USING ERRCODE = 'check_violation', CONSTRAINT = 'account_is_not_retired';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER not_in_retired BEFORE INSERT ON orchestrations FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_in_retired BEFORE INSERT ON campaign_edits FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_in_retired BEFORE INSERT ON insight_syncs FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_in_retired BEFORE INSERT ON activations FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_in_retired BEFORE INSERT ON budget_pools FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_in_retired BEFORE INSERT ON clip_templates FOR EACH ROW EXECUTE FUNCTION refuse_in_retired();

CREATE TRIGGER not_again_in_retired BEFORE UPDATE OF status ON orchestrations FOR EACH ROW
    WHEN (OLD.status IN ('failed', 'succeeded', 'cancelled') AND NEW.status IN ('queued', 'running', 'waiting')) EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_again_in_retired BEFORE UPDATE OF state ON campaign_edits FOR EACH ROW
    WHEN (OLD.state IN ('failed', 'succeeded', 'cancelled', 'missed', 'expired') AND NEW.state IN ('queued', 'running', 'waiting')) EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_again_in_retired BEFORE UPDATE OF state ON insight_syncs FOR EACH ROW
    WHEN (OLD.state IN ('failed', 'succeeded') AND NEW.state IN ('queued', 'running', 'waiting')) EXECUTE FUNCTION refuse_in_retired();
CREATE TRIGGER not_again_in_retired BEFORE UPDATE OF state ON activations FOR EACH ROW
    WHEN (OLD.state NOT IN ('activating', 'active') AND NEW.state IN ('activating', 'active')) EXECUTE FUNCTION refuse_in_retired();
