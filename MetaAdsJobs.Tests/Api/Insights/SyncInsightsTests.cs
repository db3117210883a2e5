using System.Globalization;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

[TestFixture, HasServiceAlone]
public sealed class SyncInsightsTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _account = await _client.AddAccountAsync(account => account["timezone_name"] = "UTC");
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task The_answer_is_that_of_the_brief_and_names_the_sync()
    {
        using var manager = _service.Client("manager");
        var answer = await manager.PostAsync($"/meta/orchestrate/sync-insights/{_account}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That((string?)answer.Json["message"], Is.EqualTo($"Insights sync initiated for account {_account}"));
        Assert.That((string?)answer.Json["status"], Is.EqualTo("queued"));
        Assert.That((string?)answer.Json["status_url"], Is.EqualTo($"/meta/insights/syncs/{answer.Json["sync_id"]}").And.EqualTo(answer.Message.Headers.Location?.OriginalString));
        Assert.That((string?)(await manager.GetAsync((string)answer.Json["status_url"]!)).Json["state"], Is.EqualTo("queued"));
        Assert.That(await RangeAsync((string)answer.Json["sync_id"]!), Is.EqualTo((Day(-28), Day(-1))), "the last complete 28 days");
    }

    [Test]
    public async Task The_days_can_be_named()
    {
        Assert.That(await SyncAsync($"since={Day(-3)}&until={Day(0)}"), Is.EqualTo((Day(-3), Day(0))));
        Assert.That(await SyncAsync($"until={Day(-100)}"), Is.EqualTo((Day(-100), Day(-100))), "a day before the usual range");
        Assert.That(await SyncAsync($"since={Day(-2)}"), Is.EqualTo((Day(-2), Day(-1))));
        Assert.That(await SyncAsync($"since={Day(0)}"), Is.EqualTo((Day(0), Day(0))), "today, which is not complete yet");
        var oldest = TodayUtc().AddMonths(-37);
        Assert.That(await SyncAsync($"since={oldest:yyyy-MM-dd}"), Is.EqualTo(($"{oldest:yyyy-MM-dd}", Day(-1))));
    }

    [Test]
    public Task Since_after_until_is_refused() => RefusedAsync($"since={Day(-1)}&until={Day(-2)}", "since", "after until");

    [Test]
    public Task Days_in_the_future_are_refused() => RefusedAsync($"since={Day(-1)}&until={Day(2)}", "until", "future");

    [Test]
    public Task A_beginning_in_the_future_is_refused() => RefusedAsync($"since={Day(2)}", "since", "future");

    [Test]
    public Task Days_that_Meta_no_longer_keeps_are_refused() => RefusedAsync($"since={TodayUtc().AddMonths(-37).AddDays(-1):yyyy-MM-dd}", "since", "37 months");

    [TestCase("since", "yesterday")]
    [TestCase("since", "2025-02-30")]
    [TestCase("until", "01/02/2025")]
    [TestCase("until", "")]
    public Task A_day_that_is_none_is_refused(string name, string value) =>
        _service.RefusesFieldsAsync(() => _client.PostAsync($"/meta/orchestrate/sync-insights/{_account}?{name}={value}"), name);

    [Test]
    public Task An_unknown_account_is_not_found() =>
        _service.RefusesAsync(404, () => _client.PostAsync($"/meta/orchestrate/sync-insights/{Guid.NewGuid()}"));

    private async Task RefusedAsync(string query, string field, string reason)
    {
        var answer = await _service.RefusesAsync(422, () => _client.PostAsync($"/meta/orchestrate/sync-insights/{_account}?{query}"));
        Assert.That(answer.WrongFields, Is.EqualTo([field]), answer.Text);
        Assert.That((string?)answer.Json["errors"]![field]![0], Does.Contain(reason));
    }

    private async Task<(string Since, string Until)> SyncAsync(string query)
    {
        var answer = await _client.PostAsync($"/meta/orchestrate/sync-insights/{_account}?{query}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return await RangeAsync((string)answer.Json["sync_id"]!);
    }

    private async Task<(string Since, string Until)> RangeAsync(string syncId)
    {
        await using var command = _service.Database.DataSource.CreateCommand($"SELECT since::text, until::text FROM insight_syncs WHERE sync_id = '{syncId}'");
        await using var reader = await command.ExecuteReaderAsync();
        Assert.That(await reader.ReadAsync(), Is.True, "the sync that was named is there");
        return (reader.GetString(0), reader.GetString(1));
    }

    private static DateOnly TodayUtc() => DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private static string Day(int fromToday) => TodayUtc().AddDays(fromToday).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
