-- When what lists tell of a campaign was changed last, as far as its own row, or its activation's, tells: what hangs on edits and runs is told by when those ended. Each by its own row, so that nobody waits for another's.
-- All that there is was changed by now. Numbers, and that it was compared and nothing found, are no change.
ALTER TABLE meta_campaigns ADD COLUMN told_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE activations ADD COLUMN told_at timestamptz NOT NULL DEFAULT now();
-- From now on when it is written, and not when its transaction began to wait.
ALTER TABLE meta_campaigns ALTER COLUMN told_at SET DEFAULT clock_timestamp();
ALTER TABLE activations ALTER COLUMN told_at SET DEFAULT clock_timestamp();
CREATE INDEX meta_campaigns_told ON meta_campaigns (told_at);
CREATE INDEX activations_told ON activations (told_at);
-- Of each of few accounts the newest.
DROP INDEX meta_campaigns_account;
CREATE INDEX meta_campaigns_account ON meta_campaigns (social_account_id, id DESC);
CREATE FUNCTION say_when_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.told_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER told BEFORE UPDATE ON meta_campaigns FOR EACH ROW
    WHEN ((OLD.name, OLD.status, OLD.daily_budget, OLD.lifetime_budget, OLD.effective_status, OLD.issues) IS DISTINCT FROM (NEW.name, NEW.status, NEW.daily_budget, NEW.lifetime_budget, NEW.effective_status, NEW.issues))
    EXECUTE FUNCTION say_when_told();
CREATE TRIGGER told BEFORE UPDATE ON activations FOR EACH ROW WHEN ((OLD.state, OLD.daily_cents) IS DISTINCT FROM (NEW.state, NEW.daily_cents)) EXECUTE FUNCTION say_when_told();

-- Who added a clip, as the audit names it. Null: of before, when nobody noted it.
ALTER TABLE clips ADD COLUMN created_by text;
CREATE INDEX clips_person ON clips (created_by, id) WHERE created_by IS NOT NULL;
