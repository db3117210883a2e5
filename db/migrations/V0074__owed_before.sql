-- What a pool was owed when a proposal was made. A night gives back as much as its members may go up: what it does not, the pool is owed on.
ALTER TABLE budget_proposals ADD COLUMN owed_before_cents bigint NOT NULL DEFAULT 0;
UPDATE budget_proposals SET owed_before_cents = total_cents - total_now_cents WHERE state IN ('asked', 'accepted') AND total_cents > total_now_cents;
