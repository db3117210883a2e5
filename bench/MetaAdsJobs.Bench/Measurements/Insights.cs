using System.Diagnostics;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Insights;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>
/// A large account's sync from the first page to the last row stored, beside a COPY of the same rows into the same table; and the
/// same sync once more, a third of its rows restated.
/// </summary>
internal sealed class Insights : IMeasurement
{
    private const int Days = 28;
    private const double Goal = 0.7;
    private const int GoalMegabytes = 200;
    private const int UsualRows = 1_000_000;

    public string Name => "insights";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        var count = options.Rows ?? UsualRows;
        await using var graph = await InsightHost.StartAsync(ct);
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), graph.Settings);
        var accountId = (await service.NewRequestAsync(ct)).GetProperty("social_account_id").GetGuid();
        var until = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-2);
        var days = new DayRange(until.AddDays(1 - Days), until);

        graph.Report = InsightPages.Make(days.Since, Days, count, restated: false);
        var bytes = graph.Report.Bytes / count;
        var ours = await SyncAsync(service, graph, accountId, days, restated: 0, ct);
        var disk = await service.Database.ScalarAsync<long>(DiskSql);
        var raw = await CopyAsync(cluster, service.Database, ct);
        graph.Report = InsightPages.Make(days.Since, Days, count, restated: true);
        var again = await SyncAsync(service, graph, accountId, days, restated: (count + 2) / 3, ct);

        var ratio = raw / ours.Whole;
        var peak = Math.Max(ours.Run.PeakBytes, again.Run.PeakBytes) / 1024 / 1024;
        return
        [
            new("insights, pages to table, to a raw COPY of the same rows", $"{ratio:0.00}", $"≥ {Goal:0.00}", ratio >= Goal,
                $"{Rate(ours.Whole)} to {Rate(raw)}, {count} rows of {Days} days, {bytes} bytes each, from the first page asked for over HTTP to all stored and nothing staged; {ours}. "
                + $"A third of them restated: {Rate(again.Whole)}, {again}"),
            new("disk of one insight row", $"{disk / count} bytes", "", true, "of all tables with numbers, sums and indexes included, after the first sync; Meta's own row is kept beside the columns"),
            new("peak memory of the process that syncs", $"{peak} MB", $"≤ {GoalMegabytes} MB", peak <= GoalMegabytes, "the most that was ever resident (VmHWM), the .NET runtime included"),
        ];

        string Rate(TimeSpan time) => $"{count / time.TotalSeconds:0}/s";
    }

    private const string DiskSql = """
        SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relkind = 'r' AND (relname IN ('insight_days', 'insight_campaign_days')
            OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('meta_ad_insights'::regclass, 'insight_changes'::regclass)))
        """;

    private static async Task<Took> SyncAsync(BenchService service, InsightHost graph, Guid accountId, DayRange days, int restated, CancellationToken ct)
    {
        await service.Database.ExecuteAsync("CHECKPOINT");
        if (await service.Services.GetRequiredService<RequestSync>().ExecuteAsync(accountId, days.Since, days.Until, "bench", ct) is not SyncRequested.Queued queued)
            throw new BenchException("A sync was not accepted");
        var run = await service.SyncAsync(queued.SyncId, ct);
        await CheckAsync(service.Database, graph.Report.Rows, restated);
        return new(Stopwatch.GetElapsedTime(graph.FirstPageAt, run.EndedAt), Stopwatch.GetElapsedTime(graph.FirstPageAt, graph.LastPageAt), run);
    }

    private static async Task<TimeSpan> CopyAsync(BenchCluster cluster, BenchDatabase from, CancellationToken ct)
    {
        var rows = await RawCopy.ReadAsync(from, ct);
        await using var empty = await cluster.NewDatabaseAsync(ct);
        // Where a foreign key asks for it.
        await empty.ExecuteAsync("INSERT INTO social_accounts SELECT (jsonb_populate_record(NULL::social_accounts, @Account::jsonb)).*", new { Account = await from.ScalarAsync<string>("SELECT to_jsonb(a)::text FROM social_accounts a") });
        await empty.ExecuteAsync("CHECKPOINT");
        return await rows.WriteAsync(empty, ct);
    }

    /// <summary>A fast sync that loses rows would be worth nothing.</summary>
    private static async Task CheckAsync(BenchDatabase database, long rows, long restated)
    {
        await RequireAsync("SELECT count(*) FROM meta_ad_insights WHERE vanished_at IS NULL", rows, "rows");
        await RequireAsync("SELECT count(*) FROM insight_days WHERE difference = 0", Days, "days that agree with Meta's sum");
        await RequireAsync("SELECT count(*) FROM insight_changes WHERE metric = 'spend'", restated, "restated rows");
        await RequireAsync("SELECT count(*) FROM insight_staging", 0, "rows still staged");

        async Task RequireAsync(string sql, long expected, string what)
        {
            var found = await database.ScalarAsync<long>(sql);
            if (found != expected) throw new BenchException($"{found} {what}, not {expected}");
        }
    }

    private sealed record Took(TimeSpan Whole, TimeSpan Reading, SyncRun Run)
    {
        public override string ToString() =>
            $"{Reading.TotalSeconds:0.0} s of reading, {(Whole - Reading).TotalSeconds:0.0} s of storing, {Run.Cpu:0.0} s of its process's CPU, {Run.Runs} runs";
    }
}
