-- Staged rows are fetched by whole days: an index without the objects is written in one place for each day, and costs a third.
DROP INDEX insight_staging_day;
CREATE INDEX insight_staging_day ON insight_staging (sync_id, date_start);
