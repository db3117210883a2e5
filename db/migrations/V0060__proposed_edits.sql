-- What was proposed is asked for by one mechanism: the edit, and the note of it in the proposal's row, are one commit. Of budgets the ids were given beforehand; those of which no edit was made are given up.
UPDATE budget_moves m SET edit_id = NULL WHERE edit_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.edit_id = m.edit_id);

-- Of each change what its ad set had when it was proposed: it is made only if that is so still. Variants began with the same each.
ALTER TABLE experiment_changes ADD COLUMN now_cents bigint;
UPDATE experiment_changes c SET now_cents = b.cents / b.variants FROM (
    SELECT d.proposal_id, d.daily_budget_cents AS cents, (SELECT count(*) FROM experiment_variants v WHERE v.experiment_id = p.experiment_id) AS variants
    FROM experiment_changes d JOIN experiment_proposals p ON p.id = d.proposal_id WHERE d.action = 'budget') b
WHERE c.proposal_id = b.proposal_id AND c.state = 'planned';

-- Meta's least for a day by what an ad set is optimised for, in its units, of accounts that have pools: impressions, frequent actions (clicks, likes), rare ones (installs), video views.
ALTER TABLE social_accounts ADD COLUMN min_impressions bigint, ADD COLUMN min_frequent bigint, ADD COLUMN min_rare bigint, ADD COLUMN min_video_views bigint;

-- What the variants are: ad sets with the same budget each, or ads of one ad set.
ALTER TABLE experiments ADD COLUMN level text NOT NULL DEFAULT 'adset' CHECK (level IN ('adset', 'ad'));
