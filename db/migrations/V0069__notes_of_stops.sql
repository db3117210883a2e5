-- How often a stop has noted that it pauses something of it: what activates it again knows by that whether one has come, and perhaps gone, since its permit.
ALTER TABLE activations ADD COLUMN notes int NOT NULL DEFAULT 0;
