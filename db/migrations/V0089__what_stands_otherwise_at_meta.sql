-- Of a publish or resume: what is paused when it does not succeed, where that is not what the rows of its campaign tell. Written before it switches on anything; null: as they tell.
ALTER TABLE campaign_edits ADD COLUMN taken_back text[];
