using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>The sums of a database that had its rows before it had sums. By itself: it takes away the table that others read.</summary>
[TestFixture]
public sealed class CampaignDayMigrationTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await SyncWorld.StartAsync(("Insights:RowsPerCommit", "100"));
        _account = await _world.AddAccountAsync(campaigns: 3, adsOfEach: 2);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task The_migration_adds_up_what_stands_there_as_writing_it_has()
    {
        await _world.SyncAsync(_account);
        for (var time = 0; time < 2; time++)
        {
            await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
            await _world.SyncAsync(_account);
        }

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE id = (SELECT max(ad_meta_id) FROM meta_ad_insights WHERE social_account_id = @Id)", new { _account.Id });
        await _world.SyncAsync(_account, days: 29, untilDaysAgo: 0);
        var written = await _world.Database.DataSource.FirstAsync(_account.Id);
        await _world.ExecuteAsync($"""
            BEGIN;
            DROP TABLE insight_campaign_days;
            ALTER TABLE insight_days DROP COLUMN campaigns, DROP COLUMN impressions, DROP COLUMN clicks, DROP COLUMN link_clicks, DROP COLUMN total_spend, DROP COLUMN results,
                DROP COLUMN result_type, DROP COLUMN currency, DROP COLUMN first_at, DROP COLUMN first_spend, DROP COLUMN first_impressions, DROP COLUMN first_clicks, DROP COLUMN first_results;
            {await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "db", "migrations", "V0013__campaign_days.sql"))}
            COMMIT
            """);

        await _world.Database.DataSource.AssertSumsAreOfTheirRowsAsync(_account.Id);
        var added = await _world.Database.DataSource.FirstAsync(_account.Id);
        Assert.That(added.Keys, Is.EquivalentTo(written.Keys));
        Assert.That(written.Values.Count(row => row.FirstAt is null), Is.EqualTo(4), "today, of three campaigns and the account");
        foreach (var (key, row) in written) Assert.That((added[key].Now, added[key].First, added[key].FirstAt is null), Is.EqualTo((row.Now, row.First, row.FirstAt is null)), $"{key}");
    }
}
