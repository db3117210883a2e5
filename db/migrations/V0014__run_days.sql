-- How runs end, day by day: the console shows a year of it without reading a year of runs.

-- A failure that a retry has opened again. The run's own row forgets it, the day it happened on does not.
CREATE TABLE reopened_failures (
    request_id          uuid NOT NULL REFERENCES orchestrations ON DELETE CASCADE,
    social_account_id   uuid NOT NULL,
    completed_at        timestamptz NOT NULL,
    reopened_at         timestamptz NOT NULL,
    PRIMARY KEY (request_id, completed_at)
);
CREATE INDEX reopened_failures_completed ON reopened_failures (completed_at);

CREATE TABLE run_days (
    -- UTC.
    day                 date NOT NULL,
    -- Null: all accounts together, there for every counted day, even an empty one. Percentiles of accounts do not add up to those of all.
    social_account_id   uuid REFERENCES social_accounts,
    succeeded           bigint NOT NULL,
    failed              bigint NOT NULL,
    cancelled           bigint NOT NULL,
    -- Seconds, of the runs that succeeded: from being asked for to the end, and from the first start to the end.
    asked_p50           double precision,
    asked_p95           double precision,
    worked_p50          double precision,
    worked_p95          double precision,
    counted_at          timestamptz NOT NULL,
    -- The day is over: never counted again.
    is_closed           boolean NOT NULL
);
CREATE UNIQUE INDEX run_days_account ON run_days (social_account_id, day) WHERE social_account_id IS NOT NULL;
CREATE UNIQUE INDEX run_days_all ON run_days (day) WHERE social_account_id IS NULL;
CREATE INDEX run_days_day ON run_days (day);

-- One account's failed or cancelled runs, newest first, however many others it has.
CREATE INDEX orchestrations_account_ended ON orchestrations (social_account_id, status, request_id DESC) WHERE status IN ('failed', 'cancelled');
