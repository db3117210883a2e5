-- Of a session that was opened with a token whose issuer names accounts: those. Null: all that its role sees, or what its user may see.
ALTER TABLE sessions ADD COLUMN accounts uuid[];
