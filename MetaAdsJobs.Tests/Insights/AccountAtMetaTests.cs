using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>An account that is registered here otherwise than Meta has it: what is stored of it is as Meta means it.</summary>
[TestFixture]
public sealed class AccountAtMetaTests
{
    private SyncWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Numbers_are_in_the_currency_in_which_Meta_bills_it_also_those_that_were_stored_in_another()
    {
        var account = await _world.AddAccountAsync(campaigns: 1, adsOfEach: 1);
        Assert.That((await _world.SyncAsync(account, days: 3)).State, Is.EqualTo("succeeded"));
        Assert.That(await CurrenciesAsync(account), Is.All.EqualTo("USD"));
        await IsAtMetaAsync(account, "EUR", account.Timezone);

        Assert.That((await _world.SyncAsync(account, days: 3)).State, Is.EqualTo("succeeded"));
        Assert.That(await CurrenciesAsync(account), Is.EqualTo(["EUR", "EUR", "EUR"]));

        Assert.That((await _world.SyncAsync(account, days: 3, untilDaysAgo: 10)).State, Is.EqualTo("succeeded"));
        Assert.That(await CurrenciesAsync(account), Is.EqualTo(["EUR", "EUR", "EUR"]), "Meta was not asked for it again");
        Assert.That((await _world.Get<NumberReader>().FindAccountAsync(account.Id, CancellationToken.None))?.Currency, Is.EqualTo("EUR"));
        Assert.That(await _world.ListAsync<string>("SELECT currency FROM social_accounts WHERE id = @Id", new { account.Id }), Is.EqualTo(["USD"]), "budgets are of the one that it is registered in");
    }

    /// <summary>Not only at night: yesterday in Kiritimati is today in Honolulu at any time.</summary>
    [Test]
    public async Task A_day_that_is_not_over_in_the_zone_that_Meta_has_is_none_that_is_whole()
    {
        var account = await _world.AddAccountAsync(campaigns: 1, adsOfEach: 1, timezone: "Pacific/Kiritimati");
        await IsAtMetaAsync(account, "USD", "Pacific/Honolulu");

        Assert.That((await _world.SyncAsync(account, days: 1)).State, Is.EqualTo("succeeded"));

        Assert.That(await _world.ListAsync<bool>("SELECT is_partial FROM insight_days WHERE social_account_id = @Id", new { account.Id }), Is.EqualTo([true]));
        Assert.That(await _world.ListAsync<string>("SELECT timezone_name FROM social_accounts WHERE id = @Id", new { account.Id }), Is.EqualTo(["Pacific/Honolulu"]));
    }

    private Task IsAtMetaAsync(SyncedAccount account, string currency, string timezone) =>
        _world.ExecuteAsync("INSERT INTO stub_graph.ad_accounts (account_id, name, currency, timezone_name) VALUES (@account, 'Shop', @currency, @timezone)", new { account = account.AdAccountId[4..], currency, timezone });

    private Task<IReadOnlyList<string>> CurrenciesAsync(SyncedAccount account) => _world.ListAsync<string>("""
        SELECT DISTINCT currency FROM meta_ad_insights WHERE social_account_id = @Id
        UNION ALL SELECT DISTINCT currency FROM insight_campaign_days WHERE social_account_id = @Id
        UNION ALL SELECT DISTINCT currency FROM insight_days WHERE social_account_id = @Id
        """, new { account.Id });
}
