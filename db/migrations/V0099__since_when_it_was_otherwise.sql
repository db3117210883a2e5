-- When it was still as it had been left: the comparison before. Null: there was none.
ALTER TABLE outside_changes ADD COLUMN since timestamptz;
