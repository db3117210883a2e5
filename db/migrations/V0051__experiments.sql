-- Experiments: variants of one thing in one tree, what each night's numbers said of them, and what was proposed and done. How it is judged is in code, the same for what happens and for what is simulated.

CREATE TABLE experiments (
    -- Version 7: newest first is the primary key backwards.
    id                  uuid PRIMARY KEY,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    -- The run that makes the tree; its ad sets are the variants.
    request_id          uuid NOT NULL UNIQUE REFERENCES orchestrations,
    name                text NOT NULL,
    thing               text NOT NULL CHECK (thing IN ('creative', 'text', 'audience', 'goal', 'bid')),
    metric              text NOT NULL CHECK (metric IN ('cost_per_result', 'result_rate', 'value_per_spend')),
    -- The action that counts as a result where the variants' goals differ; null: what each is optimised for.
    result_type         text,
    -- As a share: 0.2 is 20 %.
    smallest_difference numeric NOT NULL CHECK (smallest_difference > 0),
    least_results       int NOT NULL,
    attribution_days    int NOT NULL CHECK (attribution_days BETWEEN 0 AND 28),
    most_days           int NOT NULL CHECK (most_days % 7 = 0),
    -- Results of each variant that it was planned for.
    planned_results     numeric NOT NULL,
    -- What was told before it began: days, cost, and what they rest on.
    plan                jsonb NOT NULL,
    state               text NOT NULL CHECK (state IN ('running', 'decided', 'stopped')),
    decided_at          timestamptz,
    -- Numbers up to here are judged, and nothing later.
    decided_until       date,
    reopened            int NOT NULL DEFAULT 0,
    stopped_by          text,
    stopped_at          timestamptz,
    -- When it was last looked at whether its numbers say something new.
    judged_at           timestamptz,
    idempotency_key     text,
    request_hash        bytea NOT NULL,
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL
);
CREATE UNIQUE INDEX experiments_key ON experiments (created_by, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX experiments_account ON experiments (social_account_id, id DESC);
CREATE INDEX experiments_judged ON experiments (social_account_id) WHERE state <> 'stopped';

CREATE TABLE experiment_variants (
    experiment_id       uuid NOT NULL REFERENCES experiments ON DELETE CASCADE,
    -- From 0 on.
    nth                 int NOT NULL,
    name                text NOT NULL,
    -- The run's step that makes its ad set.
    step                text NOT NULL,
    -- What it has of its own.
    fields              jsonb NOT NULL,
    PRIMARY KEY (experiment_id, nth)
);

-- Only ever added to. With the numbers that it was made of: who judges them again finds the same.
CREATE TABLE experiment_verdicts (
    experiment_id       uuid NOT NULL REFERENCES experiments ON DELETE CASCADE,
    no                  int NOT NULL,
    judged_at           timestamptz NOT NULL,
    -- The account's own day.
    today               date NOT NULL,
    since               date,
    until               date,
    days                int NOT NULL,
    ending              text CHECK (ending IN ('winner', 'no_difference', 'not_enough_data')),
    winner              int,
    leader              int,
    losers              int[] NOT NULL,
    restated_on         date,
    -- It was decided before, and Meta has changed what that rested on.
    is_reopened         boolean NOT NULL,
    gates               jsonb NOT NULL,
    totals              jsonb NOT NULL,
    comparisons         jsonb NOT NULL,
    numbers             jsonb NOT NULL,
    PRIMARY KEY (experiment_id, no)
);

-- What is to be done after an ending: at most one is open, and what was accepted stays.
CREATE TABLE experiment_proposals (
    id                  uuid PRIMARY KEY,
    experiment_id       uuid NOT NULL REFERENCES experiments ON DELETE CASCADE,
    verdict_no          int NOT NULL,
    state               text NOT NULL CHECK (state IN ('open', 'accepted', 'withdrawn')),
    created_at          timestamptz NOT NULL,
    withdrawn_why       text,
    accepted_by         text,
    accepted_at         timestamptz
);
CREATE UNIQUE INDEX experiment_proposals_open ON experiment_proposals (experiment_id) WHERE state = 'open';
CREATE INDEX experiment_proposals_experiment ON experiment_proposals (experiment_id, created_at);

-- One object each. Asked for together with its edit: what is planned and accepted has none yet, and gets exactly one.
CREATE TABLE experiment_changes (
    proposal_id         uuid NOT NULL REFERENCES experiment_proposals ON DELETE CASCADE,
    variant             int NOT NULL,
    meta_id             text NOT NULL,
    action              text NOT NULL CHECK (action IN ('pause', 'budget')),
    -- Of a budget: in hundredths, for a day.
    daily_budget_cents  bigint,
    state               text NOT NULL CHECK (state IN ('planned', 'left', 'asked', 'refused')),
    edit_id             uuid UNIQUE REFERENCES campaign_edits,
    refusal             text,
    PRIMARY KEY (proposal_id, meta_id)
);
CREATE INDEX experiment_changes_planned ON experiment_changes (proposal_id) WHERE state = 'planned';

CREATE FUNCTION tell_experiment_decided() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    verdict experiment_verdicts;
BEGIN
    IF NOT event_is_heard('experiment.decided', NEW.social_account_id) THEN RETURN NULL; END IF;
    SELECT * INTO verdict FROM experiment_verdicts v WHERE v.experiment_id = NEW.id ORDER BY v.no DESC LIMIT 1;
    PERFORM tell_event('experiment.decided', NEW.social_account_id, NEW.id::text, NEW.decided_at, jsonb_build_object(
        'experiment_id', NEW.id, 'social_account_id', NEW.social_account_id, 'name', NEW.name, 'thing', NEW.thing, 'metric', NEW.metric, 'ending', verdict.ending,
        'winner', (SELECT x.name FROM experiment_variants x WHERE x.experiment_id = NEW.id AND x.nth = verdict.winner),
        'losers', COALESCE((SELECT jsonb_agg(x.name ORDER BY x.nth) FROM experiment_variants x WHERE x.experiment_id = NEW.id AND x.nth = ANY (verdict.losers)), '[]'),
        'text', concat('Experiment ', NEW.name, ': ', CASE verdict.ending
            WHEN 'winner' THEN concat((SELECT x.name FROM experiment_variants x WHERE x.experiment_id = NEW.id AND x.nth = verdict.winner), ' wins')
            WHEN 'no_difference' THEN 'no difference worth knowing' ELSE 'it cannot be told' END, ', after ', verdict.days, ' days'),
        'since', verdict.since, 'until', verdict.until, 'days', verdict.days, 'decided_at', NEW.decided_at, 'url', '/console/experiments/' || NEW.id, 'status_url', '/meta/experiments/' || NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER experiment_decided AFTER UPDATE OF state ON experiments FOR EACH ROW
    WHEN (NEW.state = 'decided' AND OLD.state <> 'decided') EXECUTE FUNCTION tell_experiment_decided();
