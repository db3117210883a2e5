-- The world of META_ADS_MODE=stub: what exists "at Meta", shared by every process of the service.
CREATE SCHEMA stub_graph;
