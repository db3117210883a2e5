-- Months are made ahead by whoever runs the service; tables only by who owns them. Called by a role that may only read and write rows, the function makes them
-- as its owner, in the schema that it is in, whatever the caller's search_path says.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION ensure_insight_partitions(date, date) SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());
END
$$;

-- A time zone as PostgreSQL knows it; null when it does not, as an older one does not know Europe/Kyiv. What goes over all accounts then leaves the account out
-- instead of failing for all.
CREATE FUNCTION known_zone(name text) RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED AS $$
BEGIN
    PERFORM now() AT TIME ZONE name;
    RETURN name;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
