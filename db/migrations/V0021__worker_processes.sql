-- The worker processes that share Meta's limits. A row is refreshed every few seconds; one that is older counts no more.
CREATE TABLE worker_processes (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
