-- An edit whose worker died while somebody was asked for his approval may expire; what that worker may have changed is told as of those that became void.
DROP INDEX campaign_edits_untold;
CREATE INDEX campaign_edits_untold ON campaign_edits (edit_id) WHERE state IN ('cancelled', 'expired') AND lease_until IS NOT NULL;
