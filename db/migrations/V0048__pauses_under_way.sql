-- Who is pausing something for a stop, and until when what he has sent may be carried out: as long nothing of it is activated.
ALTER TABLE activations ADD COLUMN pausing uuid[] NOT NULL DEFAULT '{}', ADD COLUMN pausing_until timestamptz;
