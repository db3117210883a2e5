using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>What an account has defined is fetched beside the numbers of its ads, under the names of its level and of every breakdown.</summary>
[TestFixture]
public sealed class DefinitionSyncTests
{
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
        _account = await _world.AddAccountAsync(campaigns: 2, adsOfEach: 2);
    }

    [Test]
    public async Task Cells_of_every_breakdown_are_rows_of_their_own_and_add_up_to_the_ads()
    {
        await DefineAsync("people", "ad", ["impressions", "clicks", "spend"], ["age", "gender"]);

        Assert.That((await _world.SyncAsync(_account)).State, Is.EqualTo("succeeded"));

        var cells = await _world.ListAsync<(string Ad, DateOnly Day, string Breakdown, decimal Spend, long Impressions)>(
            "SELECT object_id, date_start, breakdown, spend, impressions FROM meta_report_rows WHERE social_account_id = @Id", new { _account.Id });
        Assert.That(cells.Select(cell => cell.Breakdown).Distinct().Count(), Is.GreaterThan(6));
        Assert.That(cells.Select(cell => cell.Breakdown), Is.All.Match("""^\["[^"]+","[^"]+"\]$"""));
        var ads = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        foreach (var group in cells.GroupBy(cell => (cell.Ad, cell.Day)))
            Assert.That((group.Sum(cell => cell.Spend), group.Sum(cell => cell.Impressions)), Is.EqualTo((ads[group.Key].Spend, ads[group.Key].Impressions)));
        Assert.That(cells.Select(cell => (cell.Ad, cell.Day)).Distinct(), Is.EquivalentTo(ads.Keys));
    }

    [TestCase("account", 28)]
    [TestCase("campaign", 2 * 28)]
    [TestCase("adset", 2 * 28)]
    public async Task Rows_of_a_higher_level_are_known_by_its_id_and_restated_like_the_ads(string level, int rows)
    {
        await DefineAsync("levels", level, ["reach", "spend"], []);
        await _world.SyncAsync(_account);
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.Reports), Is.EqualTo(("succeeded", 2)));
        Assert.That(await _world.Database.DataSource.RowsAsync($"meta_report_rows WHERE social_account_id = '{_account.Id}' AND reach > 0"), Is.EqualTo(rows));
        Assert.That(await _world.Database.DataSource.RowsAsync($"insight_changes WHERE social_account_id = '{_account.Id}' AND definition_id <> 0"), Is.Positive);
        var (cells, ads) = (await SpendAsync("meta_report_rows"), await SpendAsync("meta_ad_insights"));
        Assert.That(cells, Is.EqualTo(ads), "one money, told twice and never added");
    }

    [Test]
    public async Task A_definition_that_Meta_refuses_is_told_and_keeps_no_other_number_back()
    {
        await DefineAsync("odd", "ad", ["impressions"], ["age"]);
        _world.Graph.Faults.Always(call => call["breakdowns"] is not null, GraphFaults.Refused(100, 1815001));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith("report odd: ").And.Contain("1815001"));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task An_attribution_window_asked_for_stands_in_the_row()
    {
        await DefineAsync("windows", "ad", ["actions"], [], ["7d_click", "1d_view"]);

        await _world.SyncAsync(_account);

        Assert.That(await _world.Database.DataSource.RowsAsync(
            $"meta_report_rows WHERE social_account_id = '{_account.Id}' AND jsonb_path_exists(raw, '$.actions[*].\"7d_click\"')"), Is.Positive);
    }

    private Task DefineAsync(string name, string level, string[] fields, string[] breakdowns, params string[] windows) => _world.ExecuteAsync("""
        INSERT INTO report_definitions (social_account_id, name, level, fields, breakdowns, attribution_windows, created_at)
        VALUES (@Id, @name, @level, @fields, @breakdowns, @windows, now())
        """, new { _account.Id, name, level, fields, breakdowns, windows });

    private async Task<decimal> SpendAsync(string table) => (await _world.ListAsync<decimal>($"SELECT sum(spend) FROM {table} WHERE social_account_id = @Id", new { _account.Id })).Single();
}
