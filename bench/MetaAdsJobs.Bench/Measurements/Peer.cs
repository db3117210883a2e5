using System.Globalization;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>The service beside bench/peer, what a user would write instead, in turns: whole orchestrations, a report, and the processor time of both.</summary>
internal sealed class Peer : IMeasurement
{
    private const int Rounds = 3;
    private const int Days = 28;
    private const int AdsPerCampaign = 20;
    private const int UsualRows = 100_800;
    private const int WarmUp = 200;
    private const double CpuGoal = 1.0;
    private const double RowsGoal = 1.5;
    private static readonly int[] Latencies = [0, 100];
    private static readonly double[] Goals = [0.7, 1.0];

    public string Name => "peer";

    // Node and npm.
    public bool OnlyWhenNamed => true;

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        var peer = await PeerProgram.PrepareAsync(cluster, ct);
        await using var graph = await GraphProcess.StartAsync(Latencies, ct);
        var turns = new Turns(cluster, graph, peer, ct);
        // The Graph's own code, compiled as it is used, for both.
        if (options.Runs > 0) await turns.PeerCreatesAsync(WarmUp, latency: 0);
        var trees = new List<Pair>();
        for (var latency = 0; latency < Latencies.Length && options.Runs > 0; latency++)
        {
            var pair = new Pair();
            for (var round = 0; round < Rounds; round++)
            {
                pair.Ours.Add(await turns.ServiceCreatesAsync(options.Runs, latency));
                pair.Peer.Add(await turns.PeerCreatesAsync(options.Runs, latency));
            }

            trees.Add(pair);
        }

        var report = await ReportAsync(turns, graph, options.Rows ?? UsualRows, ct);
        Result[] ofTrees = trees.Count == 0 ? [] :
        [
            .. trees.Select((pair, latency) => new Result($"orchestrations/s to the peer's, {Latency(latency)}", $"{pair.Faster:0.00}", $"≥ {Goals[latency]:0.00}", pair.Faster >= Goals[latency],
                $"{pair.Rates} of {options.Runs} queued ones, 20 at once, from the first pick-up to the last end; {pair.Elsewhere}")),
            new Result("CPU of the worker for an orchestration to the peer's", string.Join(", ", trees.Select(pair => $"{pair.Dearer:0.00}")), $"≤ {CpuGoal:0.00}", trees.TrueForAll(pair => pair.Dearer <= CpuGoal),
                string.Join("; ", trees.Select((pair, latency) => $"{Latency(latency)}: {pair.CpuIn(1000)} ms each, and {pair.StartCpu:0.0} s for the worker's start"))),
        ];
        return
        [
            .. ofTrees,
            new Result("insight rows/s to the peer's", $"{report.Faster:0.00}", $"≥ {RowsGoal:0.00}", report.Faster >= RowsGoal,
                $"{report.Rates} of {report.Ours[0].Count} rows of {Days} days, from claiming the sync to its end; {report.PeerWaited:0.0} s of the peer's {Middle(report.Peer, turn => turn.Seconds):0.0} s and some of the "
                + $"service's {Middle(report.Ours, turn => turn.Seconds):0.0} s were waiting for the report; {report.Elsewhere}"),
            new Result("CPU of the worker for an insight row to the peer's", $"{report.Dearer:0.00}", $"≤ {CpuGoal:0.00}", report.Dearer <= CpuGoal, $"{report.CpuIn(1_000_000)} µs each, and {report.StartCpu:0.0} s for the worker's start"),
        ];

        static string Latency(int latency) => Latencies[latency] == 0 ? "no latency" : $"{Latencies[latency]} ms a call";
    }

    private static async Task<Pair> ReportAsync(Turns turns, GraphProcess graph, int wanted, CancellationToken ct)
    {
        const string SeedSql = """
            INSERT INTO stub_graph.ad_accounts (account_id, name, currency, timezone_name) VALUES (@Account, 'An account', 'USD', 'America/New_York');
            INSERT INTO stub_graph.objects (id, kind, account_id, parent_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT 'META_CAMPAIGN_' || c, 'campaign', @Account, NULL, 'Summer Sale ' || c, 'ACTIVE', '{"objective": "OUTCOME_TRAFFIC"}'::jsonb, at, at, at
            FROM generate_series(1, @Campaigns) c, LATERAL (SELECT now() - interval '100 days' + c * interval '1 second' AS at) t
            UNION ALL
            SELECT 'META_ADSET_' || c, 'adset', @Account, 'META_CAMPAIGN_' || c, 'Women 25-54 ' || c, 'ACTIVE', '{"optimization_goal": "LINK_CLICKS"}'::jsonb, at, at, at
            FROM generate_series(1, @Campaigns) c, LATERAL (SELECT now() - interval '100 days' + c * interval '1 second' AS at) t
            UNION ALL
            SELECT 'META_AD_' || a, 'ad', @Account, 'META_ADSET_' || 1 + (a - 1) / @AdsPerCampaign, 'Video variant ' || a, 'ACTIVE', '{}'::jsonb, at, at, at
            FROM generate_series(1, @Ads) a, LATERAL (SELECT now() - interval '99 days' + a * interval '1 second' AS at) t
            """;
        var ads = (wanted + Days - 1) / Days;
        await graph.Objects.ExecuteAsync(SeedSql, new { Account = Turns.ReportAccount, Campaigns = (ads + AdsPerCampaign - 1) / AdsPerCampaign, AdsPerCampaign, Ads = ads });
        await graph.Objects.ExecuteAsync("VACUUM ANALYZE stub_graph.objects");
        var until = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-3);
        var days = new DayRange(until.AddDays(1 - Days), until);
        await turns.PeerReadsAsync(days, ads * Days);
        var report = new Pair();
        for (var round = 0; round < Rounds; round++)
        {
            report.Ours.Add(await turns.ServiceReadsAsync(days, ads * Days));
            report.Peer.Add(await turns.PeerReadsAsync(days, ads * Days));
        }

        return report;
    }

    private static double Middle(IEnumerable<Turn> turns, Func<Turn, double> figure)
    {
        var sorted = turns.Select(figure).Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <param name="Cpu">Seconds of the one process; the others' are beside it.</param>
    private sealed record Turn(int Count, double Seconds, double Cpu, double StartCpu, double GraphCpu, double ServerCpu, double Waited = 0)
    {
        public double Rate => Count / Seconds;
        public double CpuEach => Cpu / Count;
    }

    private sealed class Pair
    {
        public List<Turn> Ours { get; } = [];
        public List<Turn> Peer { get; } = [];
        public double Faster => Middle(Ours, turn => turn.Rate) / Middle(Peer, turn => turn.Rate);
        public double Dearer => Middle(Ours, turn => turn.CpuEach) / Middle(Peer, turn => turn.CpuEach);
        public double StartCpu => Middle(Ours, turn => turn.StartCpu);
        public double PeerWaited => Middle(Peer, turn => turn.Waited);
        public string Rates => $"{All(Ours, turn => turn.Rate, "0.#")}/s to {All(Peer, turn => turn.Rate, "0.#")}/s";
        public string CpuIn(int unitsPerSecond) => $"{All(Ours, turn => turn.CpuEach * unitsPerSecond, "0.0")} to {All(Peer, turn => turn.CpuEach * unitsPerSecond, "0.0")}";

        /// <summary>What the machine did besides.</summary>
        public string Elsewhere =>
            $"of the {Environment.ProcessorCount} cores the Graph had {Middle(Ours, turn => turn.GraphCpu / turn.Seconds):0.00} beside the service and {Middle(Peer, turn => turn.GraphCpu / turn.Seconds):0.00} beside the peer, "
            + $"their PostgreSQL {Middle(Ours, turn => turn.ServerCpu / turn.Seconds):0.00} and {Middle(Peer, turn => turn.ServerCpu / turn.Seconds):0.00}, "
            + $"they themselves {Middle(Ours, turn => turn.Cpu / turn.Seconds):0.00} and {Middle(Peer, turn => turn.Cpu / turn.Seconds):0.00}";

        private static string All(List<Turn> turns, Func<Turn, double> figure, string format) => string.Join(", ", turns.Select(turn => figure(turn).ToString(format, CultureInfo.InvariantCulture)));
    }

    /// <summary>One side's turn on a fresh database, with what the Graph and PostgreSQL did meanwhile.</summary>
    private sealed class Turns(BenchCluster cluster, GraphProcess graph, PeerProgram peer, CancellationToken ct)
    {
        public const string ReportAccount = "4000000001";
        private const int ObjectsEach = 4;
        private long _accounts = 3_000_000_000;

        public Task<Turn> ServiceCreatesAsync(int count, int latency) => CreateAsync(count, isMigrated: true, async (database, account, begin) =>
        {
            var run = await ServiceTurn.CreateAsync(count, graph.Address(latency), account, cluster, database, begin, ct);
            return new(count, run.Seconds, run.Cpu, run.StartCpu, 0, 0);
        });

        public Task<Turn> PeerCreatesAsync(int count, int latency) => CreateAsync(count, isMigrated: false, async (database, account, _) =>
        {
            var run = await peer.CreateAsync(count, graph.Address(latency), account, database, ct);
            return new(count, run.Seconds, run.Cpu, 0, 0, 0);
        });

        public Task<Turn> ServiceReadsAsync(DayRange days, int rows) => OnFreshAsync(isMigrated: true, async (database, begin) =>
        {
            var run = await ServiceTurn.SyncAsync(days, rows, graph.Address(0), "act_" + ReportAccount, cluster, database, begin, ct);
            return new(rows, run.Seconds, run.Cpu, run.StartCpu, 0, 0);
        });

        public Task<Turn> PeerReadsAsync(DayRange days, int rows) => OnFreshAsync(isMigrated: false, async (database, _) =>
        {
            var run = await peer.ReadInsightsAsync(days.Since, days.Until, graph.Address(0), "act_" + ReportAccount, database, ct);
            return run.Rows == rows ? new(rows, run.Seconds, run.Cpu, 0, 0, 0, run.Waited) : throw new BenchException($"The peer read {run.Rows} rows, not {rows}");
        });

        // An account of its own each time, so that what others left at the Graph is in nobody's way.
        private Task<Turn> CreateAsync(int count, bool isMigrated, Func<BenchDatabase, string, Action, Task<Turn>> create) => OnFreshAsync(isMigrated, async (database, begin) =>
        {
            var account = $"{++_accounts}";
            var turn = await create(database, "act_" + account, begin);
            var made = await graph.Objects.ScalarAsync<long>("SELECT count(*) FROM stub_graph.objects WHERE account_id = @Account AND kind <> 'image' AND deleted_at IS NULL", new { Account = account });
            return made == ObjectsEach * count ? turn : throw new BenchException($"{made} objects at the Graph, not {ObjectsEach * count}");
        });

        private async Task<Turn> OnFreshAsync(bool isMigrated, Func<BenchDatabase, Action, Task<Turn>> act)
        {
            var database = isMigrated ? await cluster.NewDatabaseAsync(ct) : await cluster.NewEmptyDatabaseAsync(ct);
            var postmaster = await cluster.PostmasterIdAsync();
            await database.ExecuteAsync("CHECKPOINT");
            var before = Elsewhere();
            var turn = await act(database, () => before = Elsewhere());
            var after = Elsewhere();
            turn = turn with { GraphCpu = (after.Graph - before.Graph).TotalSeconds, ServerCpu = (after.Server - before.Server).TotalSeconds };
            await database.DisposeAsync();
            await cluster.DropAsync(database, ct);
            return turn;

            (TimeSpan Graph, TimeSpan Server) Elsewhere() => (graph.Spent, ProcessorTime.OfServer(postmaster));
        }
    }
}
