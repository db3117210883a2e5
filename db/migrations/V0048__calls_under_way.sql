-- Who is pausing something for a stop, and until when what he has sent may be carried out: as long nothing of it is activated.
ALTER TABLE activations ADD COLUMN pausing uuid[] NOT NULL DEFAULT '{}', ADD COLUMN pausing_until timestamptz;
-- How many runs of a start have had a permit since nothing was under way: none of them ends what another may still be sending.
ALTER TABLE activations ADD COLUMN resumes integer NOT NULL DEFAULT 0;
