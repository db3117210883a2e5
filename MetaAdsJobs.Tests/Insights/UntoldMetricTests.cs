using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>What Meta leaves out of a row is not known, and is neither zero nor news.</summary>
[TestFixture]
public sealed class UntoldMetricTests
{
    private const int Days = 3;
    private static readonly string[] Names = ["impressions", "clicks", "inline_link_clicks", "reach", "spend", "actions"];
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync()
    {
        _world.Graph.Faults.Clear();
        _account = await _world.AddAccountAsync(campaigns: 1, adsOfEach: 2);
    }

    [Test]
    public async Task What_a_later_report_leaves_out_stays_as_it_was_and_leaves_no_history([Values] bool asNull)
    {
        await _world.SyncAsync(_account, Days);
        var before = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        LeaveOut(_ => true, asNull, Names);

        var sync = await _world.SyncAsync(_account, Days);

        Assert.That((sync.State, sync.RowsRestated), Is.EqualTo(("succeeded", 0L)));
        Assert.That(Numbers(await InsightTruth.InTableAsync(_world.Database.DataSource, _account)), Is.EqualTo(Numbers(before)));
        Assert.That(before.Values.Sum(row => row.Results), Is.Positive, "there was something to lose");
        Assert.That(await _world.Database.DataSource.RowsAsync($"insight_changes WHERE social_account_id = '{_account.Id}'"), Is.Zero);

        // Told again, and changed since: that is news.
        _world.Graph.Faults.Clear();
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        Assert.That((await _world.SyncAsync(_account, Days)).RowsRestated, Is.Positive);
        await _world.AssertEqualsMetaAsync(_account, Days);
    }

    [Test]
    public async Task What_was_never_told_is_not_known_and_sums_say_that_something_is_missing()
    {
        var ad = (await _world.AtMetaAsync(_account, Days)).Keys.First().Ad;
        LeaveOut(row => (string?)row["ad_id"] == ad, asNull: false, "impressions", "clicks", "reach", "spend");

        Assert.That((await _world.SyncAsync(_account, Days)).State, Is.EqualTo("succeeded"));

        var rows = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        Assert.That(rows.Values.Where(row => row.AdMetaId == ad).Select(row => (row.Impressions, row.Clicks, row.Reach, row.Spend)), Is.All.EqualTo(((long?)null, (long?)null, (long?)null, (decimal?)null)));
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow());
        var days = await _world.Get<NumberReader>().ListDaysAsync(_account.Id, campaignId: null, until.AddDays(-Days), until, CancellationToken.None);
        Assert.That(days.Select(day => (day.Impressions, day.UntoldRows)), Is.EquivalentTo(
            rows.Values.Where(row => row.AdMetaId != ad).Select(row => (row.Impressions, 1L))), "the other ad's, and that one is missing");

        // Told at last, none is.
        _world.Graph.Faults.Clear();
        await _world.SyncAsync(_account, Days);
        days = await _world.Get<NumberReader>().ListDaysAsync(_account.Id, campaignId: null, until.AddDays(-Days), until, CancellationToken.None);
        Assert.That(days.Select(day => day.UntoldRows), Is.All.Zero);
    }

    private void LeaveOut(Func<JsonObject, bool> of, bool asNull, params string[] names)
    {
        _world.Graph.Faults.Always(call => call.Edge == "insights" && call["level"] == "ad", GraphFaults.Changes(body =>
        {
            var page = JsonNode.Parse(body)!;
            foreach (var row in page["data"]!.AsArray().Select(row => row!.AsObject()).Where(of))
            {
                foreach (var name in names)
                {
                    row.Remove(name);
                    if (asNull) row[name] = null;
                }
            }

            return page.ToJsonString();
        }));
    }

    private static object Numbers(Dictionary<(string Ad, DateOnly Day), StoredRow> rows) => rows
        .OrderBy(row => row.Key).Select(row => (row.Key, row.Value.Impressions, row.Value.Clicks, row.Value.LinkClicks, row.Value.Reach, row.Value.Spend, row.Value.Results, row.Value.ResultType)).ToList();
}
