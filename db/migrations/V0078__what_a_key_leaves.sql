-- By which key a webhook was given its address, and a batch was sent: what was made by a key does not outlive it. Null: by none.
ALTER TABLE webhooks ADD COLUMN address_key uuid;
ALTER TABLE batches ADD COLUMN requested_key uuid;
CREATE INDEX batches_open_by ON batches (lower(requested_by)) WHERE completed_at IS NULL;
