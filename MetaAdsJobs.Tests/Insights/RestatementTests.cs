using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>Meta restates the last 28 days: the table follows, and what stood there before is not forgotten.</summary>
[TestFixture]
public sealed class RestatementTests
{
    private static readonly (string Metric, string Field)[] Metrics =
        [("impressions", "impressions"), ("clicks", "clicks"), ("link_clicks", "inline_link_clicks"), ("reach", "reach"), ("spend", "spend")];

    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync() => _account = await _world.AddAccountAsync(campaigns: 3, adsOfEach: 4);

    [Test]
    public async Task The_table_equals_the_second_answer_and_history_holds_each_change()
    {
        await _world.SyncAsync(_account);
        var first = await _world.AtMetaAsync(_account);
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        var second = await _world.AtMetaAsync(_account);

        var sync = await _world.SyncAsync(_account);

        await _world.AssertEqualsMetaAsync(_account);
        var expected = (
            from key in first.Keys
            from metric in Metrics
            let before = Number(first[key], metric.Field)
            let after = Number(second[key], metric.Field)
            // What is left out is not news.
            where before != after && second[key].TryGetProperty(metric.Field, out _)
            select (key.Ad, key.Day, metric.Metric, before, after)).ToList();
        var history = await HistoryAsync();
        Assert.That(expected, Has.Count.GreaterThan(300));
        Assert.That(history.Where(change => change.Metric != "results"), Is.EquivalentTo(expected));
        Assert.That(sync.RowsRestated, Is.EqualTo(history.Count));
    }

    [Test]
    public async Task A_value_restated_twice_can_be_followed_back_to_the_first()
    {
        await _world.SyncAsync(_account);
        var first = await _world.AtMetaAsync(_account);
        for (var time = 0; time < 2; time++)
        {
            await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
            await _world.SyncAsync(_account);
        }

        var oldest = await _world.ListAsync<(string Ad, DateOnly Day, decimal Value)>("""
            SELECT DISTINCT ON (object_id, date_start) object_id, date_start, old_value FROM insight_changes
            WHERE social_account_id = @Id AND metric = 'clicks' ORDER BY object_id, date_start, changed_at
            """, new { _account.Id });
        Assert.That(oldest, Is.Not.Empty);
        foreach (var (ad, day, value) in oldest) Assert.That(value, Is.EqualTo(Number(first[(ad, day)], "clicks")));
    }

    [Test]
    public async Task A_sale_that_Meta_lists_under_many_names_is_one_result()
    {
        var shop = await _world.AddAccountAsync(campaigns: 2, adsOfEach: 3, goal: "OFFSITE_CONVERSIONS", objective: "OUTCOME_SALES");
        await _world.SyncAsync(shop);

        var rows = await InsightTruth.InTableAsync(_world.Database.DataSource, shop);
        var sales = rows.Values.Where(row => row.Results > 0).ToList();
        Assert.That(sales, Is.Not.Empty);
        foreach (var row in sales)
        {
            var actions = JsonElement.Parse(row.Raw).GetProperty("actions").EnumerateArray().ToDictionary(action => action.GetProperty("action_type").GetString()!, action => action.GetProperty("value").GetString());
            Assert.That(row.ResultType, Is.EqualTo("offsite_conversion.fb_pixel_purchase"));
            Assert.That(actions.Keys, Is.SupersetOf(["purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase"]));
            Assert.That(row.Results, Is.EqualTo(decimal.Parse(actions["offsite_conversion.fb_pixel_purchase"]!, CultureInfo.InvariantCulture)));
        }
    }

    private async Task<List<(string Ad, DateOnly Day, string Metric, decimal Before, decimal After)>> HistoryAsync() =>
        [.. await _world.ListAsync<(string, DateOnly, string, decimal, decimal)>("SELECT object_id, date_start, metric, old_value, new_value FROM insight_changes WHERE social_account_id = @Id", new { _account.Id })];

    private static decimal Number(JsonElement row, string field) => row.TryGetProperty(field, out var value) ? decimal.Parse(value.GetString()!, CultureInfo.InvariantCulture) : 0;
}
