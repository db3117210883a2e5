-- The schema of META_ADS_MODE=stub is the stub's own affair: it makes its tables where it is plugged in, with a script of its own. Here the
-- tables that V0002 and V0010 made go again where nothing is in them, as in every database of live mode; a world that has something in it stays.
-- Locked first: what a process of an earlier version is just about to put in must not go unseen.
DO $$
BEGIN
    LOCK TABLE stub_graph.objects, stub_graph.ad_accounts, stub_graph.report_runs, stub_graph.restatements, stub_graph.insight_limits;
    IF NOT EXISTS (SELECT FROM stub_graph.objects) AND NOT EXISTS (SELECT FROM stub_graph.ad_accounts) AND NOT EXISTS (SELECT FROM stub_graph.report_runs)
       AND NOT EXISTS (SELECT FROM stub_graph.restatements) AND NOT EXISTS (SELECT FROM stub_graph.insight_limits) THEN
        DROP SCHEMA stub_graph CASCADE;
    END IF;
END
$$;
