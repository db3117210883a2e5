-- What a test tells the stub Graph about an account's reports. Without a row an account's numbers grow by themselves as they age.

-- Each generation changes some of the numbers of the last 28 days once more.
CREATE TABLE stub_graph.restatements (
    account_id   text PRIMARY KEY,               -- digits, without act_
    generation   int NOT NULL
);

-- From which size on a report is too much at once: rows' subjects x days x metrics.
CREATE TABLE stub_graph.insight_limits (
    account_id   text PRIMARY KEY,               -- digits, without act_
    cells        int NOT NULL,
    poison_ad    text,                           -- a report of this ad is always too much,
    poison_field text                            -- if it asks for this field; null for any
);

-- A report in the background tells what was true when it was asked for.
ALTER TABLE stub_graph.report_runs ADD COLUMN generation int NOT NULL DEFAULT 0;
