using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>Syncs run in this process against a Graph over HTTP, without a queue: what a run would wait for is there at once.</summary>
internal sealed class SyncWorld : IAsyncDisposable
{
    private readonly InProcess _core;
    private int _accounts;

    private SyncWorld(InProcess core, GraphServer graph, ShiftedTime time) => (_core, Graph, Time) = (core, graph, time);

    public GraphServer Graph { get; }
    public ShiftedTime Time { get; }
    public TestDatabase Database => _core.Database;

    public T Get<T>() where T : notnull => _core.Get<T>();

    public static async Task<SyncWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var database = await TestDatabase.CreateAsync();
        var time = new ShiftedTime();
        var graph = await GraphServer.StartAsync(database.DataSource, time);
        return new(InProcess.Create(database, time, [("META_ADS_MODE", "live"), ("META_GRAPH_URL", graph.BaseUrl), ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])), .. settings]), graph, time);
    }

    /// <summary>An account that has been advertising for long: campaigns of one ad set each.</summary>
    public async Task<SyncedAccount> AddAccountAsync(int campaigns = 2, int adsOfEach = 2, string timezone = "America/New_York", string goal = "LINK_CLICKS", string objective = "OUTCOME_TRAFFIC")
    {
        var id = await _core.AddAccountAsync(timezone);
        var number = Interlocked.Increment(ref _accounts);
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        var adAccountId = await connection.QuerySingleAsync<string>("SELECT ad_account_id FROM social_accounts WHERE id = @id", new { id });
        await connection.ExecuteAsync(SeedSql, new { account = adAccountId[4..], number, campaigns, ads = adsOfEach, goal, objective });
        return new(id, adAccountId, timezone);
    }

    public async Task<Guid> QueueAsync(SyncedAccount account, int days = 28, int untilDaysAgo = 1)
    {
        var until = AccountDays.Today(account.Timezone, Time.GetUtcNow()).AddDays(-untilDaysAgo);
        var syncId = Guid.CreateVersion7();
        await Get<SyncStore>().InsertAsync(syncId, account.Id, new(until.AddDays(1 - days), until), "tests", nightlyFor: null, jobId: "0", CancellationToken.None);
        return syncId;
    }

    /// <summary>Runs the sync until it ends, as often as that takes.</summary>
    /// <returns>Its row.</returns>
    public async Task<SyncRow> RunAsync(Guid syncId, int runs = 200)
    {
        for (var run = 0; run < runs; run++)
        {
            if (await RunOnceAsync(syncId) is not JobOutcome.Snoozed snoozed) break;
            Time.AdvanceTo(snoozed.Until);
        }

        return await RowAsync(syncId);
    }

    /// <summary>One run, as the queue would do it: what throws comes again.</summary>
    public async Task<JobOutcome> RunOnceAsync(Guid syncId)
    {
        try
        {
            return await Get<RunSync>().ExecuteAsync(syncId, CancellationToken.None);
        }
        catch (MetaException)
        {
            return new JobOutcome.Snoozed(Time.GetUtcNow(), "failed and retried");
        }
    }

    public async Task<SyncRow> SyncAsync(SyncedAccount account, int days = 28, int untilDaysAgo = 1) => await RunAsync(await QueueAsync(account, days, untilDaysAgo));

    public async Task<SyncRow> RowAsync(Guid syncId)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<SyncRow>("""
            SELECT state, wait_reason, error, rows_read, pages_read, reports, reports_read, rows_restated, rows_vanished, left_out, attempt, stored_until FROM insight_syncs WHERE sync_id = @syncId
            """, new { syncId });
    }

    /// <summary>What Meta says now, asked without any of the machinery.</summary>
    public Task<Dictionary<(string Ad, DateOnly Day), JsonElement>> AtMetaAsync(SyncedAccount account, int days = 28, int untilDaysAgo = 1) =>
        InsightTruth.AtMetaAsync(Get<MetaInsights>(), account, AccountDays.Today(account.Timezone, Time.GetUtcNow()).AddDays(-untilDaysAgo), days);

    public Task AssertEqualsMetaAsync(SyncedAccount account, int days = 28, int untilDaysAgo = 1) => AssertEqualAsync(account, AtMetaAsync(account, days, untilDaysAgo));

    private async Task AssertEqualAsync(SyncedAccount account, Task<Dictionary<(string Ad, DateOnly Day), JsonElement>> meta) =>
        InsightTruth.AssertEqual(await InsightTruth.InTableAsync(Database.DataSource, account), await meta);

    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public async ValueTask DisposeAsync()
    {
        await Graph.DisposeAsync();
        await _core.DisposeAsync();
    }

    /// <summary>Puts campaigns, ad sets and ads into the stub's world.</summary>
    public const string SeedSql = """
        INSERT INTO stub_graph.objects (id, kind, account_id, parent_id, name, status, fields, created_at, updated_at, searchable_at)
        SELECT 'META_CAMPAIGN_' || @number || '_' || c, 'campaign', @account, NULL, 'Campaign ' || c, 'ACTIVE', jsonb_build_object('objective', @objective), at, at, at
        FROM generate_series(1, @campaigns) c, LATERAL (SELECT now() - interval '100 days' + c * interval '1 second' AS at) t
        UNION ALL
        SELECT 'META_ADSET_' || @number || '_' || c, 'adset', @account, 'META_CAMPAIGN_' || @number || '_' || c, 'Ad set ' || c, 'ACTIVE', jsonb_build_object('optimization_goal', @goal), at, at, at
        FROM generate_series(1, @campaigns) c, LATERAL (SELECT now() - interval '100 days' + c * interval '1 second' AS at) t
        UNION ALL
        SELECT 'META_AD_' || @number || '_' || c || '_' || a, 'ad', @account, 'META_ADSET_' || @number || '_' || c, 'Ad ' || a, 'ACTIVE', '{}'::jsonb, at, at, at
        FROM generate_series(1, @campaigns) c, generate_series(1, @ads) a, LATERAL (SELECT now() - interval '99 days' + (c * 1000 + a) * interval '1 second' AS at) t
        """;
}

internal sealed record SyncedAccount(Guid Id, string AdAccountId, string Timezone);

internal sealed record SyncRow
{
    public string State { get; init; } = "";
    public string? WaitReason { get; init; }
    public string? Error { get; init; }
    public long RowsRead { get; init; }
    public int PagesRead { get; init; }
    public int Reports { get; init; }
    public int ReportsRead { get; init; }
    public long RowsRestated { get; init; }
    public long RowsVanished { get; init; }
    public string[] LeftOut { get; init; } = [];
    public int Attempt { get; init; }
    public DateOnly? StoredUntil { get; init; }
}
