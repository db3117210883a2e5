-- For which edit caps count some of a campaign that is not known to be done yet, and how much a day: it is taken out again when it is not done, and not counted twice when it is asked for once more.
ALTER TABLE activations ADD COLUMN set_aside_for uuid, ADD COLUMN set_aside_cents bigint NOT NULL DEFAULT 0;
