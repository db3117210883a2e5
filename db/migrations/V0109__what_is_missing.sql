-- What Meta has called missing since missing_since: of anything else the hour begins anew.
ALTER TABLE meta_campaigns ADD COLUMN missing_ids text[];
