-- Of which accounts an episode of all accounts was told, since its last message, to those that listen to them alone: of theirs they had heard nothing.
ALTER TABLE alert_episodes ADD COLUMN opened_for uuid[] NOT NULL DEFAULT '{}';
