using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>A sync as a person asks for it: over HTTP, run by a worker process, told by the API.</summary>
[TestFixture]
public sealed class SyncTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _accountId = null!;
    private int _accounts;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [SetUp]
    public async Task AddAccountAsync()
    {
        _service.Graph.Faults.Clear();
        _accountId = await _client.AddAccountAsync();
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var adAccountId = await connection.QuerySingleAsync<string>("SELECT ad_account_id FROM social_accounts WHERE id = @id", new { id = Guid.Parse(_accountId) });
        await connection.ExecuteAsync(SyncWorld.SeedSql, new
        {
            account = adAccountId[4..], number = ++_accounts, campaigns = 4, ads = 5, goal = "LINK_CLICKS", objective = "OUTCOME_TRAFFIC",
        });
    }

    [Test]
    public async Task A_sync_is_queued_run_and_told_with_its_rows_and_days()
    {
        var answer = await _client.PostAsync($"/meta/orchestrate/sync-insights/{_accountId}");

        Assert.That(((string?)answer.Json["message"], (string?)answer.Json["status"]), Is.EqualTo(($"Insights sync initiated for account {_accountId}", "queued")));
        var sync = await EndedAsync((string)answer.Json["status_url"]!);
        Assert.That(((string?)sync["state"], (int?)sync["rows_read"], (int?)sync["days_synced"], (int?)sync["percent"]), Is.EqualTo(("succeeded", 560, 28, 100)));
        var totals = (await _client.GetAsync($"/meta/insights?social_account_id={_accountId}&limit=1")).Json["totals"]![0]!;
        Assert.That((int?)totals["rows"], Is.EqualTo(560));
        var days = (await _client.GetAsync($"/meta/insights/days?social_account_id={_accountId}")).Json["items"]!.AsArray();
        Assert.That(days.Select(day => (decimal?)day!["difference"]), Is.EqualTo(Enumerable.Repeat<decimal?>(0, 28)), "the ads add up to what Meta says of the account");
        Assert.That(days.Sum(day => (decimal)day!["spend"]!), Is.EqualTo((decimal)totals["spend"]!));
    }

    [Test]
    public async Task Syncs_of_one_account_asked_for_at_once_run_one_after_the_other()
    {
        var (running, most) = (0, 0);
        _service.Graph.Faults.Always(call => call.Edge == "insights", async (_, _, act) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
            Interlocked.Decrement(ref running);
            return await act();
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _client.PostAsync($"/meta/orchestrate/sync-insights/{_accountId}?since={Day(-3)}&until={Day(-2)}")));
        foreach (var answer in answers) Assert.That((string?)(await EndedAsync((string)answer.Json["status_url"]!))["state"], Is.EqualTo("succeeded"));

        Assert.That(most, Is.EqualTo(1));
    }

    private static string Day(int ago) => TimeProvider.System.GetUtcNow().AddDays(ago).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private async Task<System.Text.Json.Nodes.JsonNode> EndedAsync(string url)
    {
        System.Text.Json.Nodes.JsonNode sync = null!;
        await Eventually.TrueAsync(async () => (string?)(sync = (await _client.GetAsync(url)).Json)["state"] is "succeeded" or "failed", () => $"{sync}");
        return sync;
    }
}
