-- What an earlier stop has paused the next one looks at, whoever has written its row since. Null: at once.
ALTER TABLE activations ADD COLUMN found_paused_at timestamptz;
