-- What Meta refuses of a report is asked for no more in that sync.
ALTER TABLE insight_reports ADD COLUMN refused_fields text[] NOT NULL DEFAULT '{}';
