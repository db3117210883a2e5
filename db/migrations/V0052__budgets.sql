-- Budgets: pools whose money is divided anew each night, what was proposed and why, what was done of it, and what came of it. How it is decided is in code, once for what happens, for what would have
-- happened and for a market that is made up.

CREATE TABLE budget_pools (
    id                  uuid PRIMARY KEY,
    -- Of one ad account: its currency, its calendar, its caps.
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    name                text NOT NULL,
    level               text NOT NULL CHECK (level IN ('campaign', 'adset')),
    -- show: for people to see; ask: carried out when somebody accepts it; act: carried out by itself.
    mode                text NOT NULL CHECK (mode IN ('show', 'ask', 'act')),
    -- Who gave it its mode: what it does by itself is asked for in their name.
    mode_by             text NOT NULL,
    max_step_percent    int NOT NULL CHECK (max_step_percent BETWEEN 1 AND 20),
    least_gain_percent  numeric(5, 2) NOT NULL CHECK (least_gain_percent BETWEEN 0 AND 100),
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
);
CREATE INDEX budget_pools_account ON budget_pools (social_account_id);

CREATE TABLE budget_pool_members (
    -- An object is of one pool at the most: two would move it against each other.
    meta_id             text COLLATE "C" PRIMARY KEY,
    pool_id             uuid NOT NULL REFERENCES budget_pools ON DELETE CASCADE,
    -- What its owner allows a day, in hundredths of the currency.
    min_cents           bigint CHECK (min_cents > 0),
    max_cents           bigint CHECK (max_cents >= min_cents)
);
CREATE INDEX budget_pool_members_pool ON budget_pool_members (pool_id);

-- One for each pool, day and last day of its numbers. It is never changed; beside it stand what became of it and what came of it.
CREATE TABLE budget_proposals (
    -- Version 7: newest first is the primary key backwards.
    id                  uuid PRIMARY KEY,
    pool_id             uuid NOT NULL REFERENCES budget_pools ON DELETE CASCADE,
    -- The account's, on which it would be carried out.
    day                 date NOT NULL,
    -- The last day that was read whole; null: none was.
    basis               date,
    made_at             timestamptz NOT NULL,
    -- none: nothing was proposed. shown, asked; accepted: it is being carried out; done, partly; declined; lapsed: its day was over; void: what it rested on is not so any more.
    state               text NOT NULL CHECK (state IN ('none', 'shown', 'asked', 'accepted', 'done', 'partly', 'declined', 'lapsed', 'void')),
    why                 text[] NOT NULL,
    -- Of the numbers that it rests on: restated, they have another.
    evidence_hash       text NOT NULL,
    -- Hundredths of the currency a day, of all that might be moved.
    total_now_cents     bigint NOT NULL,
    total_cents         bigint NOT NULL,
    -- Results a day.
    predicted_now       double precision NOT NULL,
    predicted           double precision NOT NULL,
    gain_percent        double precision NOT NULL,
    gain_in_the_end     double precision NOT NULL,
    sureness            double precision,
    exponent            double precision,
    decided_by          text,
    decided_at          timestamptz,
    -- From then on something of it may have been changed: it is brought to its end.
    begun_at            timestamptz,
    completed_at        timestamptz,
    -- Why it ended as it did.
    state_why           text,
    -- What was taken and not given, once it is over.
    owed_cents          bigint NOT NULL DEFAULT 0,
    -- What its members brought on its day, as it stands.
    observed_results    numeric(20, 4),
    observed_spend      numeric(20, 4),
    observed_at         timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX budget_proposals_day ON budget_proposals (pool_id, day, COALESCE(basis, '-infinity'::date)) WHERE state <> 'void';
CREATE INDEX budget_proposals_pool ON budget_proposals (pool_id, id DESC);
CREATE INDEX budget_proposals_open ON budget_proposals (pool_id) WHERE state IN ('asked', 'accepted');

CREATE TABLE budget_moves (
    proposal_id         uuid NOT NULL REFERENCES budget_proposals ON DELETE CASCADE,
    meta_id             text COLLATE "C" NOT NULL,
    name                text NOT NULL,
    -- Null: it has no budget for a day.
    now_cents           bigint,
    proposed_cents      bigint,
    least_cents         bigint NOT NULL,
    most_cents          bigint NOT NULL,
    why                 text[] NOT NULL,
    results             double precision NOT NULL,
    predicted_now       double precision NOT NULL,
    predicted           double precision NOT NULL,
    marginal            double precision NOT NULL,
    -- The edit that carries it out: it has its id from the beginning, so that it is asked for once, however often a process dies. Null: there is nothing to change.
    edit_id             uuid UNIQUE,
    -- Why there is no edit although there was to be one.
    refused             text,
    PRIMARY KEY (proposal_id, meta_id)
) WITH (fillfactor = 80);
