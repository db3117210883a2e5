-- How often Meta has refused to create this in a way that may pass: it is tried again some times before the orchestration fails.
ALTER TABLE orchestration_steps ADD COLUMN refusals int NOT NULL DEFAULT 0;
