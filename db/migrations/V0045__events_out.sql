-- Events out: who wants to hear of what, what happened, and how it was told. What happens is told in the transaction in which it happens: whoever
-- writes calls tell_event, and how runs, edits and syncs end the tables tell themselves, whichever statement ends them.

CREATE TABLE webhooks (
    id                  uuid PRIMARY KEY,
    -- The address is sealed: what Slack gives out is a key. What people are shown of it stands beside it.
    url                 text NOT NULL,
    shown_url           text NOT NULL,
    description         text,
    format              text NOT NULL CHECK (format IN ('cloudevents', 'slack')),
    -- Null: all, also those that come with a later version.
    event_types         text[],
    account_ids         uuid[],
    -- Sealed. The one before signs, too, until it is over.
    secret              text NOT NULL,
    former_secret       text,
    former_until        timestamptz,
    state               text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off')),
    -- Why and when it was switched off.
    off_reason          text,
    off_at              timestamptz,
    -- Since when nothing was received; null while something is.
    failing_since       timestamptz,
    -- Nothing is sent before: its receiver was away.
    rests_until         timestamptz,
    -- A job is at it, or about to be, until then; by PostgreSQL's clock.
    rung_until          timestamptz,
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
);

CREATE TABLE events (
    id                  uuid PRIMARY KEY,
    type                text NOT NULL,
    social_account_id   uuid,
    subject             text NOT NULL,
    occurred_at         timestamptz NOT NULL,
    data                jsonb NOT NULL
);
CREATE INDEX events_occurred ON events (occurred_at);

-- One event for one webhook. No foreign key to webhooks: every transaction that tells something would lock its row, and a delivery without a webhook is
-- never looked at.
CREATE TABLE event_deliveries (
    webhook_id          uuid NOT NULL,
    event_id            uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    type                text NOT NULL,
    occurred_at         timestamptz NOT NULL,
    -- held: its webhook is switched off.
    state               text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'held')),
    next_at             timestamptz NOT NULL,
    -- The fencing token, and the attempts in all; tries are those since it was last put on its way.
    attempt             int NOT NULL DEFAULT 0,
    tries               int NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    delivered_at        timestamptz,
    PRIMARY KEY (webhook_id, event_id)
) WITH (fillfactor = 70);
CREATE INDEX event_deliveries_due ON event_deliveries (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX event_deliveries_newest ON event_deliveries (webhook_id, occurred_at DESC, event_id DESC);
CREATE INDEX event_deliveries_event ON event_deliveries (event_id);

CREATE TABLE event_attempts (
    webhook_id          uuid NOT NULL,
    event_id            uuid NOT NULL,
    attempt             int NOT NULL,
    at                  timestamptz NOT NULL,
    milliseconds        int,
    -- The receiver's answer; null when there was none.
    status              int,
    error               text,
    PRIMARY KEY (webhook_id, event_id, attempt),
    FOREIGN KEY (webhook_id, event_id) REFERENCES event_deliveries ON DELETE CASCADE
);

CREATE FUNCTION event_is_heard(told_type text, account uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM webhooks w WHERE (w.event_types IS NULL OR told_type = ANY (w.event_types)) AND (w.account_ids IS NULL OR account = ANY (w.account_ids)));
END $$;

-- The outbox. Part of the caller's transaction: what is rolled back was never told. Costs a look at a small table when nobody listens.
CREATE FUNCTION tell_event(told_type text, account uuid, told_subject text, at timestamptz, told_data jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    told uuid;
BEGIN
    at := COALESCE(at, clock_timestamp());
    IF NOT event_is_heard(told_type, account) THEN RETURN NULL; END IF;
    INSERT INTO events (id, type, social_account_id, subject, occurred_at, data) VALUES (gen_random_uuid(), told_type, account, told_subject, at, told_data) RETURNING id INTO told;
    INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at)
    SELECT w.id, told, told_type, at, CASE w.state WHEN 'on' THEN 'pending' ELSE 'held' END, at
    FROM webhooks w WHERE (w.event_types IS NULL OR told_type = ANY (w.event_types)) AND (w.account_ids IS NULL OR account = ANY (w.account_ids));
    RETURN told;
END $$;

CREATE FUNCTION tell_run_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT event_is_heard('orchestration.' || NEW.status, NEW.social_account_id) THEN RETURN NULL; END IF;
    PERFORM tell_event('orchestration.' || NEW.status, NEW.social_account_id, NEW.request_id::text, NEW.completed_at, jsonb_build_object(
        'request_id', NEW.request_id, 'social_account_id', NEW.social_account_id, 'status', NEW.status, 'campaign_name', NEW.campaign_name,
        'campaign_meta_id', COALESCE((SELECT c.meta_id FROM meta_campaigns c WHERE c.request_id = NEW.request_id), NEW.request ->> 'campaign_id'),
        'validate_only', COALESCE((NEW.request ->> 'validate_only')::boolean, false), 'requested_by', NEW.requested_by,
        'errors', jsonb_path_query_array(NEW.errors, '$[0 to 19]'), 'accepted_at', NEW.accepted_at, 'completed_at', NEW.completed_at,
        'status_url', '/meta/orchestrate/runs/' || NEW.request_id));
    RETURN NULL;
END $$;
CREATE TRIGGER run_ended AFTER UPDATE OF status ON orchestrations FOR EACH ROW
    WHEN (NEW.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION tell_run_ended();

CREATE FUNCTION tell_edit_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT event_is_heard('edit.' || NEW.state, NEW.social_account_id) THEN RETURN NULL; END IF;
    PERFORM tell_event('edit.' || NEW.state, NEW.social_account_id, NEW.edit_id::text, NEW.completed_at, jsonb_build_object(
        'edit_id', NEW.edit_id, 'request_id', NEW.request_id, 'social_account_id', NEW.social_account_id, 'status', NEW.state, 'kind', NEW.kind, 'level', NEW.level,
        'meta_id', NEW.meta_id, 'campaign_name', (SELECT regexp_replace(c.name, ' \[[a-z0-9]{20}\]$', '') FROM meta_campaigns c WHERE c.request_id = NEW.request_id),
        'fields', COALESCE((SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(NEW.fields) k), '[]'), 'requested_by', NEW.asked_by, 'error', NEW.error,
        'asked_at', NEW.asked_at, 'completed_at', NEW.completed_at, 'status_url', '/meta/edits/' || NEW.edit_id));
    RETURN NULL;
END $$;
CREATE TRIGGER edit_ended AFTER UPDATE OF state ON campaign_edits FOR EACH ROW
    WHEN (NEW.state IN ('succeeded', 'failed', 'cancelled', 'missed', 'expired') AND NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION tell_edit_ended();

CREATE FUNCTION tell_sync_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT event_is_heard('sync.' || NEW.state, NEW.social_account_id) THEN RETURN NULL; END IF;
    PERFORM tell_event('sync.' || NEW.state, NEW.social_account_id, NEW.sync_id::text, NEW.completed_at, jsonb_build_object(
        'sync_id', NEW.sync_id, 'social_account_id', NEW.social_account_id, 'status', NEW.state, 'since', NEW.since, 'until', NEW.until, 'requested_by', NEW.requested_by,
        'rows', NEW.rows_read, 'days', NEW.days_synced, 'left_out', to_jsonb(NEW.left_out[1:20]), 'error', NEW.error,
        'queued_at', NEW.queued_at, 'completed_at', NEW.completed_at, 'status_url', '/meta/insights/syncs/' || NEW.sync_id));
    RETURN NULL;
END $$;
CREATE TRIGGER sync_ended AFTER UPDATE OF state ON insight_syncs FOR EACH ROW
    WHEN (NEW.state IN ('succeeded', 'failed') AND NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION tell_sync_ended();
