-- People, the keys of their programs and their sessions at a browser: who may see which accounts, and in which they may spend. No password is kept, and of what
-- opens the door only its SHA-256.

CREATE TABLE users (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    -- How runs, the audit and approvals name who asked; it does not change.
    mail            text NOT NULL,
    role            text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    -- Else those of access_grants.
    all_accounts    boolean NOT NULL,
    disabled_at     timestamptz,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_mail ON users (lower(mail));

CREATE TABLE account_groups (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    created_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX account_groups_name ON account_groups (lower(name));

CREATE TABLE account_group_members (
    group_id            uuid NOT NULL REFERENCES account_groups ON DELETE CASCADE,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    PRIMARY KEY (group_id, social_account_id)
);

-- A key never opens more than its user may see: what it has of its own is cut out of that when it is used.
CREATE TABLE api_keys (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users,
    name            text NOT NULL,
    hash            bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    -- Its beginning, to know it by.
    shown           text NOT NULL,
    role            text NOT NULL CHECK (role IN ('admin', 'manager', 'viewer')),
    -- As its user; else those of access_grants, as far as the user has them.
    all_accounts    boolean NOT NULL,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz,
    -- To the minute.
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    revoked_by      text
);
CREATE INDEX api_keys_user ON api_keys (user_id, id);

-- Of a user or of a key, which is its holder: an account, or all of a group.
CREATE TABLE access_grants (
    holder              uuid NOT NULL,
    social_account_id   uuid REFERENCES social_accounts,
    group_id            uuid REFERENCES account_groups ON DELETE CASCADE,
    may_spend           boolean NOT NULL,
    CHECK (num_nonnulls(social_account_id, group_id) = 1)
);
CREATE UNIQUE INDEX access_grants_account ON access_grants (holder, social_account_id) WHERE social_account_id IS NOT NULL;
CREATE UNIQUE INDEX access_grants_group ON access_grants (holder, group_id) WHERE group_id IS NOT NULL;

CREATE VIEW granted_accounts AS
SELECT g.holder, g.social_account_id, g.may_spend FROM access_grants g WHERE g.social_account_id IS NOT NULL
UNION ALL
SELECT g.holder, m.social_account_id, g.may_spend FROM access_grants g JOIN account_group_members m ON m.group_id = g.group_id;

-- At a browser. Of a user, perhaps by a key; or of a token that was signed elsewhere, which has a name and a role only.
CREATE TABLE sessions (
    id              uuid PRIMARY KEY,
    user_id         uuid REFERENCES users,
    key_id          uuid REFERENCES api_keys,
    name            text NOT NULL,
    role            text NOT NULL,
    browser         text,
    created_at      timestamptz NOT NULL,
    -- When who it is was last proven.
    confirmed_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    ended_at        timestamptz,
    ended_why       text
);
CREATE INDEX sessions_user ON sessions (user_id, id DESC);
CREATE INDEX sessions_name ON sessions (name, id DESC);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Opens the console once, for who has no other way in yet.
CREATE TABLE sign_in_links (
    hash            bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id         uuid NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz
);

-- What people changed here: accounts, caps, tokens, users, keys, groups, rules. Secrets are never in it: that one was given is.
CREATE TABLE recorded_acts (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                  timestamptz NOT NULL,
    person              text NOT NULL,
    -- The key's name; null without one.
    key_name            text,
    -- Null: of no one account.
    social_account_id   uuid,
    -- account, user, key, group, session, …
    kind                text NOT NULL,
    object              text NOT NULL,
    object_name         text,
    action              text NOT NULL,
    -- Field by field: {"daily_cap_cents": {"old": 100, "new": 200}}.
    fields              jsonb NOT NULL
);
CREATE INDEX recorded_acts_account ON recorded_acts (social_account_id, id DESC);
CREATE INDEX recorded_acts_person ON recorded_acts (person, id DESC);
CREATE INDEX meta_changes_person ON meta_changes (asked_by, id DESC);

-- Added to only. A role that owns the tables could take the triggers away, which no statement of the service does; docs/people.md tells what takes that right from it, too.
CREATE FUNCTION audit_is_added_to_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is added to only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER recorded_acts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recorded_acts FOR EACH STATEMENT EXECUTE FUNCTION audit_is_added_to_only();
CREATE TRIGGER meta_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON meta_changes FOR EACH STATEMENT EXECUTE FUNCTION audit_is_added_to_only();

-- Which accounts a clip is for: who made it gives it to those that he may spend in. One without any is for who sees all accounts; used in a run, it is seen in that run's account, too.
CREATE TABLE clip_accounts (
    clip_id             uuid NOT NULL REFERENCES clips ON DELETE CASCADE,
    social_account_id   uuid NOT NULL REFERENCES social_accounts,
    PRIMARY KEY (clip_id, social_account_id)
);
CREATE INDEX clip_accounts_account ON clip_accounts (social_account_id, clip_id DESC);

-- By which key it was asked for; null: by none.
ALTER TABLE orchestrations ADD COLUMN requested_key text;
ALTER TABLE campaign_edits ADD COLUMN asked_key text;
