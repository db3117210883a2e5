-- Before a creative is deleted it is asked whether it is another's as well: Meta may answer a create with an equal one that was there before.

CREATE INDEX edit_steps_meta_id ON edit_steps (meta_id) WHERE meta_id IS NOT NULL;
CREATE INDEX meta_creatives_meta_id ON meta_creatives (meta_id);
