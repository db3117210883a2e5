using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

[TestFixture]
public sealed class SyncTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _accountId = null!;

    [SetUp]
    public async Task StartWithAdsAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
        var request = await _client.NewRequestAsync();
        _accountId = (string)request["social_account_id"]!;
        // Enough ads for several pages of 500 rows.
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _client.AcceptAsync(request)));
        foreach (var id in ids) await _client.UntilAsync(id, "succeeded");
        await ExecuteAsync("DELETE FROM meta_ad_insights");
        _service.Graph.ForgetCalls();
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_sync_reads_every_page_and_stores_each_ad_and_day_once()
    {
        await EndedAsync(await QueueAsync());

        Assert.That(await RowsAsync(), Is.EqualTo(20 * 28));
        Assert.That(_service.Graph.Calls.Count(call => call.Edge == "insights"), Is.EqualTo(2));
        var sync = await SyncAsync();
        Assert.That(((string)sync.state, (int)sync.pages_read, (long)sync.rows_read, (int)sync.days_synced), Is.EqualTo(("succeeded", 2, 560L, 28)));
        Assert.That(await _service.Database.DataSource.RowsAsync("insight_staging"), Is.Zero);
    }

    [Test]
    public async Task A_report_that_breaks_off_leaves_the_numbers_as_they_were()
    {
        await EndedAsync(await QueueAsync());
        await ExecuteAsync("UPDATE meta_ad_insights SET impressions = -1");
        _service.Graph.Faults.Always(call => call.Edge == "insights" && call["after"] is not null, GraphFaults.Refused(100, 1487534));

        var sync = await EndedAsync(await QueueAsync());

        Assert.That((string)sync.state, Is.EqualTo("failed"));
        Assert.That((string)sync.error, Does.Contain("1487534"));
        Assert.That(await _service.Database.DataSource.RowsAsync("meta_ad_insights WHERE impressions = -1"), Is.EqualTo(560));
    }

    [Test]
    public async Task Rows_that_Meta_no_longer_returns_are_kept_and_the_others_replaced()
    {
        await EndedAsync(await QueueAsync());
        await ExecuteAsync("""
            UPDATE meta_ad_insights SET impressions = -1;
            UPDATE stub_graph.objects SET deleted_at = now(), status = 'DELETED' WHERE id = (SELECT id FROM stub_graph.objects WHERE kind = 'ad' LIMIT 1)
            """);

        await EndedAsync(await QueueAsync());

        Assert.That(await RowsAsync(), Is.EqualTo(560));
        Assert.That(await _service.Database.DataSource.RowsAsync("meta_ad_insights WHERE impressions = -1"), Is.EqualTo(28));
    }

    [Test]
    public async Task A_worker_killed_between_two_pages_leaves_the_same_rows_as_an_undisturbed_run()
    {
        var killed = false;
        _service.Graph.Faults.Add(call => call.Edge == "insights" && call["after"] is not null, async (_, _, act) =>
        {
            killed = true;
            await _service.KillAndReplaceWorkerAsync(0);
            return await act();
        });

        var sync = await EndedAsync(await QueueAsync());

        Assert.That(killed, Is.True);
        Assert.That(((string)sync.state, (int)sync.attempt), Is.EqualTo(("succeeded", 2)));
        Assert.That(await RowsAsync(), Is.EqualTo(560));
        Assert.That(await _service.Database.DataSource.RowsAsync("insight_staging"), Is.Zero);
    }

    [Test]
    public async Task Two_syncs_of_one_account_never_run_at_once()
    {
        var (running, most) = (0, 0);
        _service.Graph.Faults.Always(call => call.Edge == "insights", async (_, _, act) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
            Interlocked.Decrement(ref running);
            return await act();
        });

        var ids = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => QueueAsync()));
        foreach (var id in ids) Assert.That((string)(await EndedAsync(id)).state, Is.EqualTo("succeeded"));

        Assert.That(most, Is.EqualTo(1));
    }

    private async Task<Guid> QueueAsync()
    {
        var answer = await _client.PostAsync($"/meta/orchestrate/sync-insights/{_accountId}");
        Assert.That((string?)answer.Json["message"], Is.EqualTo($"Insights sync initiated for account {_accountId}"));
        return Guid.Parse((string)answer.Json["sync_id"]!);
    }

    private async Task<dynamic> EndedAsync(Guid syncId)
    {
        dynamic sync = null!;
        await Eventually.TrueAsync(async () => (sync = await SyncAsync(syncId)).state is "succeeded" or "failed", TimeSpan.FromSeconds(40), () => $"{sync}");
        return sync;
    }

    private async Task<dynamic> SyncAsync(Guid? syncId = null)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QueryFirstAsync("SELECT * FROM insight_syncs WHERE sync_id = COALESCE(@syncId, sync_id)", new { syncId });
    }

    private Task<long> RowsAsync() => _service.Database.DataSource.RowsAsync("meta_ad_insights");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
