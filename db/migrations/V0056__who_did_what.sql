-- Runs by who asked for them.
CREATE INDEX orchestrations_person ON orchestrations (requested_by, request_id DESC);
