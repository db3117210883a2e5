using Dapper;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Tests.Insights;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>The worker is killed at every stage of a report; the table is in the end what an undisturbed reading of Meta says, row by row.</summary>
[TestFixture]
public sealed class KilledSyncTests
{
    // Long enough to lie in two months, each a partition of its own.
    private const int Days = 40;
    private const int Campaigns = 4;
    private const int AdsOfEach = 8;
    private Service _service = null!;
    private ApiClient _client = null!;
    private LiveMeta _meta = null!;
    private int _accounts;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartProcessesAsync(settings: ("Insights__RowsPerCommit", "200"));
        _client = _service.Client();
        _meta = LiveMeta.Against(_service.Graph);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _meta.DisposeAsync();
        _client.Dispose();
        await _service.DisposeAsync();
    }

    private static readonly (string Stage, Func<RecordedCall, bool> Call, bool After)[] Stages =
    [
        ("before it is asked for", call => IsSubmit(call), false),
        ("asked for, and the answer is lost", call => IsSubmit(call), true),
        ("while Meta is looked at", IsPoll, false),
        ("told that Meta is done", IsPoll, true),
        ("before the first page", call => IsPage(call) && call["after"] is null, false),
        ("between two pages", call => IsPage(call) && call["after"] is not null, false),
        ("with the last page", call => IsPage(call) && call["after"] is not null, true),
        ("read whole, before it is stored", call => call["level"] == "account", false),
    ];

    [Test, Long]
    public async Task Killed_at_any_stage_of_a_report_the_table_is_what_an_undisturbed_run_would_have_left()
    {
        var killed = new HashSet<string>();
        var syncs = new List<(string Stage, SyncedAccount Account, Guid SyncId)>();
        foreach (var (stage, isCall, after) in Stages)
        {
            var account = await AddAccountAsync();
            _service.Graph.Faults.Add(call => isCall(call) && IsOf(call, account), async (_, _, act) =>
            {
                var answer = after ? await act() : null;
                await _service.KillAndReplaceWorkerAsync(0);
                lock (killed) killed.Add(stage);
                return answer ?? await act();
            });
            syncs.Add((stage, account, Guid.Empty));
        }

        for (var one = 0; one < syncs.Count; one++) syncs[one] = syncs[one] with { SyncId = await QueueAsync(syncs[one].Account) };
        foreach (var (stage, account, syncId) in syncs) await AssertEndsLikeMetaAsync(stage, account, syncId);

        Assert.That(killed, Is.EquivalentTo(Stages.Select(stage => stage.Stage)));
    }

    [TestCase("insight_staging", TestName = "Killed_while_a_page_is_staged", Explicit = true, Category = LongAttribute.Category)]
    [TestCase("insight_changes", TestName = "Killed_while_the_first_days_are_stored", Explicit = true, Category = LongAttribute.Category)]
    [TestCase("meta_ad_insights_[month]", TestName = "Killed_with_the_days_of_one_month_stored_and_those_of_the_next_not_yet")]
    public async Task Killed_while_the_database_works(string table)
    {
        var account = await AddAccountAsync();
        var until = AccountDays.Today(account.Timezone, TimeProvider.System.GetUtcNow()).AddDays(-1);
        table = table.Replace("[month]", $"{until:yyyyMM}", StringComparison.Ordinal);
        Guid syncId;
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            // Reading is let through, writing waits for the test.
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync($"LOCK TABLE {table} IN SHARE MODE", transaction: transaction);
            syncId = await QueueAsync(account);
            await Eventually.TrueAsync(() => IsBlockedAsync(connection, table), () => $"nothing waits for {table}");
            await _service.KillAndReplaceWorkerAsync(0);
            await transaction.RollbackAsync();
        }

        await AssertEndsLikeMetaAsync(table, account, syncId);
    }

    private static Task<bool> IsBlockedAsync(NpgsqlConnection connection, string table) => connection.ExecuteScalarAsync<bool>(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = to_regclass(@table) AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))", new { table })!;

    private async Task AssertEndsLikeMetaAsync(string stage, SyncedAccount account, Guid syncId)
    {
        (string State, string? Error) sync = default;
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await Eventually.TrueAsync(async () =>
        {
            sync = await connection.QuerySingleAsync<(string, string?)>("SELECT state, COALESCE(error, wait_reason) FROM insight_syncs WHERE sync_id = @syncId", new { syncId });
            return sync.State is "succeeded" or "failed";
        }, () => $"{stage}: {sync} {_service.Progress()}", () => _service.Logs()[^3000..]);
        Assert.That(sync.State, Is.EqualTo("succeeded"), $"{stage}: {sync.Error}");
        var until = AccountDays.Today(account.Timezone, TimeProvider.System.GetUtcNow()).AddDays(-1);
        var table = await InsightTruth.InTableAsync(_service.Database.DataSource, account);
        Assert.That(table, Has.Count.EqualTo(Campaigns * AdsOfEach * Days), stage);
        InsightTruth.AssertEqual(table, await InsightTruth.AtMetaAsync(new MetaInsights(_meta.Client), account, until, Days));
        await _service.Database.DataSource.AssertSumsAreOfTheirRowsAsync(account.Id, stage);
        Assert.That(await _service.Database.DataSource.RowsAsync($"insight_staging WHERE sync_id = '{syncId}'"), Is.Zero, stage);
        Assert.That(await _service.Database.DataSource.RowsAsync($"insight_days WHERE social_account_id = '{account.Id}' AND difference = 0"), Is.EqualTo(Days), stage);
        Assert.That(await _service.Database.DataSource.RowsAsync($"insight_changes WHERE social_account_id = '{account.Id}'"), Is.Zero, $"{stage}: nothing was restated");
    }

    private async Task<SyncedAccount> AddAccountAsync()
    {
        var number = Interlocked.Increment(ref _accounts);
        var request = await _client.NewRequestAsync();
        var id = Guid.Parse((string)request["social_account_id"]!);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var (adAccountId, timezone) = await connection.QuerySingleAsync<(string, string)>("SELECT ad_account_id, timezone_name FROM social_accounts WHERE id = @id", new { id });
        await connection.ExecuteAsync(SyncWorld.SeedSql, new { account = adAccountId[4..], number, campaigns = Campaigns, ads = AdsOfEach, goal = "LINK_CLICKS", objective = "OUTCOME_TRAFFIC" });
        return new(id, adAccountId, timezone);
    }

    private async Task<Guid> QueueAsync(SyncedAccount account)
    {
        var until = AccountDays.Today(account.Timezone, TimeProvider.System.GetUtcNow()).AddDays(-1);
        var answer = await _client.PostAsync($"/meta/orchestrate/sync-insights/{account.Id}?since={until.AddDays(1 - Days):yyyy-MM-dd}&until={until:yyyy-MM-dd}");
        return Guid.Parse((string)answer.Json["sync_id"]!);
    }

    // A run's own calls name it and not its account.
    private bool IsOf(RecordedCall call, SyncedAccount account)
    {
        if (call.Path.Contains(account.AdAccountId, StringComparison.Ordinal)) return true;
        using var connection = _service.Database.DataSource.OpenConnection();
        return connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM stub_graph.report_runs WHERE account_id = @account AND position(id in @path) > 0)",
            new { account = account.AdAccountId[4..], path = call.Path });
    }

    private static bool IsSubmit(RecordedCall call) => call.Method == "POST" && call.Edge == "insights";

    private static bool IsPoll(RecordedCall call) => call.Method == "GET" && call.Edge.StartsWith("META_REPORT_", StringComparison.Ordinal);

    private static bool IsPage(RecordedCall call) => call.Method == "GET" && call.Edge == "insights" && call.Path.Contains("META_REPORT_", StringComparison.Ordinal);
}
