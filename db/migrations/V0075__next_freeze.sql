-- When the next freeze of an account begins, for what is permitted before: nothing is sent from then on. One of a week begins within a day, or is asked for again.
CREATE FUNCTION next_freeze(account uuid, moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT min(f.begins_at)
    FROM social_accounts a, LATERAL (
        SELECT CASE WHEN z.until_at IS NOT NULL THEN z.from_at
                    WHEN extract(isodow FROM (moment AT TIME ZONE a.timezone_name)::date + n)::int = ANY (z.weekdays) THEN ((moment AT TIME ZONE a.timezone_name)::date + n + z.from_time) AT TIME ZONE a.timezone_name END AS begins_at
        FROM freezes z, generate_series(0, 1) n WHERE z.ended_at IS NULL AND (z.social_account_id IS NULL OR z.social_account_id = a.id)) f
    WHERE a.id = account AND f.begins_at > moment
$$;
