-- A report's pages may lead in a circle, which one run alone might never see: what a page is compared with stands here, too.
ALTER TABLE insight_reports
    ADD COLUMN empty_pages int NOT NULL DEFAULT 0,
    ADD COLUMN known_cursor text,
    ADD COLUMN known_rows text,
    -- When Meta first said that it is complete; what it then will not show is waited for from here on.
    ADD COLUMN ready_at timestamptz;

-- The deleted and archived ads of days that do not add up are asked for as a report of their own.
ALTER TABLE insight_reports
    DROP CONSTRAINT insight_reports_scope_check,
    ADD CONSTRAINT insight_reports_scope_check CHECK (scope IN ('account', 'campaigns', 'ads', 'deleted'));

-- Since when nothing has been heard of Meta but that it does not answer; null while it does.
ALTER TABLE insight_syncs ADD COLUMN outage_since timestamptz;
