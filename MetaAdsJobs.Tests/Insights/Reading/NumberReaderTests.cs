using Dapper;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Core.Insights.Watching;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights.Reading;

/// <summary>Sums as people see them: nothing counts twice, nothing is added that must not be, and each query reads one range of one index.</summary>
[TestFixture]
public sealed class NumberReaderTests
{
    private static readonly DateOnly Day = new(2026, 10, 1);
    private InProcess _core = null!;
    private NumberReader _reader = null!;
    private Guid _first;
    private Guid _second;
    private Guid _euros;
    private Guid _other;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        _core = await InProcess.CreateAsync();
        _reader = _core.Get<NumberReader>();
        (_first, _second, _euros, _other) = (await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync());
        await _core.Database.DataSource.DoAsync("""
            UPDATE social_accounts SET ad_account_id = 'act_1', double_of = NULLIF(@First, id) WHERE id IN (@First, @Second);
            UPDATE social_accounts SET currency = 'EUR' WHERE id = @Euros;
            UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Retired
            """, new { First = _first, Second = _second, Euros = _euros, Retired = await _core.AddAccountAsync() });
        await _core.Database.DataSource.SeedSumsAsync(
            new SeededSum(_first, Day) { Spend = 10, SyncedAt = "2026-10-03T03:00:00Z" },
            new SeededSum(_second, Day) { Spend = 11, SyncedAt = "2026-10-06T03:00:00Z" },
            // Read by the first only, before the other took over; and one too many beside one too few.
            new SeededSum(_first, Day.AddDays(-3)) { Spend = 9, Difference = 5, SyncedAt = "2026-10-03T03:00:00Z" },
            new SeededSum(_other, Day.AddDays(-3)) { Spend = 1, Difference = -5 },
            new SeededSum(_other, Day.AddDays(-4)) { Spend = 1, Difference = null },
            new SeededSum(_euros, Day) { Spend = 1000, Currency = "EUR" },
            new SeededSum(_other, Day) { Spend = 2.5m, ResultType = "purchase", Difference = 1.25m, SyncedAt = "2026-10-04T03:00:00Z" },
            new SeededSum(_second, Day.AddDays(1)) { Spend = 7, FirstSpend = 6 },
            new SeededSum(_other, Day.AddDays(1)).Empty(),
            new SeededSum(_second, Day.AddDays(2)) { Spend = 3, IsPartial = true },
            new SeededSum(_other, Day.AddDays(2)) { Spend = 4 },
            new SeededSum(_second, Day) { Campaign = "A", Spend = 8 },
            new SeededSum(_second, Day) { Campaign = "B", Spend = 3, ResultType = "purchase" },
            new SeededSum(_second, Day.AddDays(1)) { Campaign = "A", Spend = 7 },
            new SeededSum(_second, Day.AddDays(-5)) { Campaign = "B", Spend = 1 });
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public async Task All_accounts_of_a_currency_are_added_and_one_that_is_shared_counts_once_as_it_was_synced_last()
    {
        var days = await _reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(9), default);
        Assert.That(days.Select(day => (day.Date, day.Spend, day.Accounts)), Is.EqualTo([(Day, 13.5m, 2), (Day.AddDays(1), 7m, 2), (Day.AddDays(2), (decimal?)7m, 2)]));
        Assert.That((days[0].SyncedAt.Day, days[0].NewestSyncedAt.Day, days[0].Difference), Is.EqualTo((4, 6, 1.25m)));
        Assert.That((await _reader.ListAccountsAsync("USD", Day, Day.AddDays(9), 50, default)).Select(share => (share.Id, share.Spend)), Is.EqualTo([(_second.ToString(), 21m), (_other.ToString(), (decimal?)6.5m)]));
        Assert.That(await _reader.ListCurrenciesAsync(default), Is.EqualTo(new NumberCurrency[] { new("USD", 3, 2), new("EUR", 1, 1) }));
    }

    [Test]
    public async Task Of_three_that_share_an_ad_account_one_counts_also_when_two_read_the_day_at_once()
    {
        await using var core = await InProcess.CreateAsync();
        var three = new[] { await core.AddAccountAsync(), await core.AddAccountAsync(), await core.AddAccountAsync() }.Order().ToArray();
        await core.Database.DataSource.DoAsync("UPDATE social_accounts SET ad_account_id = 'act_1', double_of = NULLIF(@First, id)", new { First = three[0] });
        await core.Database.DataSource.SeedSumsAsync(
            new SeededSum(three[0], Day) { Spend = 1, SyncedAt = "2026-10-03T03:00:00Z" },
            new SeededSum(three[1], Day) { Spend = 2, SyncedAt = "2026-10-06T03:00:00Z" },
            new SeededSum(three[2], Day) { Spend = 4, SyncedAt = "2026-10-06T03:00:00Z" },
            new SeededSum(three[0], Day.AddDays(1)) { Spend = 8 });

        var days = await core.Get<NumberReader>().ListDaysOfAllAsync("USD", Day, Day.AddDays(1), default);

        Assert.That(days.Select(day => day.Accounts), Is.All.EqualTo(1));
        Assert.That(days.Select(day => day.Spend), Is.EqualTo(new decimal?[] { 4, 8 }).Or.EqualTo(new decimal?[] { 2, 8 }), "PostgreSQL orders ids as it does");
    }

    /// <summary>As when an account in the wrong currency was retired and added anew in the right one.</summary>
    [Test]
    public async Task A_day_of_a_shared_ad_account_counts_once_also_where_one_of_two_has_it_in_another_currency()
    {
        await using var core = await InProcess.CreateAsync();
        var two = new[] { await core.AddAccountAsync(), await core.AddAccountAsync() };
        await core.Database.DataSource.DoAsync("UPDATE social_accounts SET ad_account_id = 'act_1', double_of = NULLIF(@First, id)", new { First = two[0] });
        await core.Database.DataSource.SeedSumsAsync(
            new SeededSum(two[0], Day) { Currency = "EUR", SyncedAt = "2026-10-03T03:00:00Z" }, new SeededSum(two[0], Day.AddDays(1)) { Currency = "EUR", SyncedAt = "2026-10-03T03:00:00Z" }, new SeededSum(two[1], Day));

        Assert.That((await core.Get<NumberReader>().ListDaysOfAllAsync("EUR", Day, Day.AddDays(1), default)).Select(day => day.Date), Is.EqualTo([Day.AddDays(1)]));
        Assert.That((await core.Get<NumberReader>().ListDaysOfAllAsync("USD", Day, Day.AddDays(1), default)).Select(day => day.Date), Is.EqualTo([Day]));
    }

    /// <summary>Of the one that was synced last Meta has told nothing of that day.</summary>
    [Test]
    public async Task What_was_told_whole_goes_before_what_was_asked_for_in_vain()
    {
        await using var core = await InProcess.CreateAsync();
        var two = new[] { await core.AddAccountAsync(), await core.AddAccountAsync() };
        await core.Database.DataSource.DoAsync("UPDATE social_accounts SET ad_account_id = 'act_1', double_of = NULLIF(@First, id)", new { First = two[0] });
        await core.Database.DataSource.SeedSumsAsync(new SeededSum(two[0], Day) { Spend = 1, SyncedAt = "2026-10-03T03:00:00Z" }, new SeededSum(two[1], Day).Empty() with { IsWhole = false });
        Assert.That((await core.Get<NumberReader>().ListDaysOfAllAsync("USD", Day, Day, default)).Select(day => day.Spend), Is.EqualTo(new decimal?[] { 1 }));
    }

    [Test]
    public async Task What_one_of_two_accounts_alone_has_read_of_a_shared_one_stays_and_differences_do_not_cancel_out()
    {
        var days = await _reader.ListDaysOfAllAsync("USD", Day.AddDays(-4), Day.AddDays(-3), default);
        Assert.That(days.Select(day => (day.Spend, day.Accounts, day.Difference, day.Differing, day.Unreconciled)), Is.EqualTo([(1m, 1, (decimal?)null, 0, 1), ((decimal?)10m, 2, (decimal?)10m, 2, 0)]));
    }

    [Test]
    public async Task Different_results_are_not_added_and_a_day_without_any_row_is_of_no_kind()
    {
        var days = await _reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(2), default);
        Assert.That(days.Select(day => (day.Results, day.ResultType)), Is.EqualTo([((decimal?)null, (string?)null), (5m, "link_click"), (10m, "link_click")]));
        Assert.That((Tally.Of(days).HasMixedResults, Tally.Of(days).Results, Tally.Of(days).CostPerResult), Is.EqualTo((true, (decimal?)null, (decimal?)null)));
        Assert.That((Tally.Of([.. days.Skip(1)]).HasMixedResults, Tally.Of([.. days.Skip(1)]).Results), Is.EqualTo((false, (decimal?)15m)));
        var accounts = await _reader.ListAccountsAsync("USD", Day, Day.AddDays(2), 50, default);
        Assert.That(accounts.Select(share => share.Results), Is.EqualTo(new decimal?[] { 15m, null }));
    }

    /// <summary>Its spend is in the sum, and how many came for it nobody knows.</summary>
    [Test]
    public async Task Where_Meta_would_not_tell_the_results_of_a_part_those_of_all_are_not_known()
    {
        await using var core = await InProcess.CreateAsync();
        var (one, other) = (await core.AddAccountAsync(), await core.AddAccountAsync());
        await core.Database.DataSource.SeedSumsAsync(
            new SeededSum(one, Day) { Results = null }, new SeededSum(one, Day.AddDays(1)), new SeededSum(other, Day), new SeededSum(other, Day.AddDays(1)),
            new SeededSum(one, Day) { Campaign = "A", Results = null }, new SeededSum(one, Day.AddDays(1)) { Campaign = "A" });
        await core.Database.DataSource.SeedAsync(new SeededInsight(one, "2026-10-01", "ad1") { Results = null }, new SeededInsight(one, "2026-10-01", "ad2"));
        var (reader, rows, filter) = (core.Get<NumberReader>(), core.Get<InsightReader>(), new InsightFilter(one, null, null, null, InsightLevel.Campaign));
        using var all = Assert.EnterMultipleScope();
        var days = await reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(1), default);
        Assert.That(days.Select(day => (day.Results, day.ResultType)), Is.EqualTo([((decimal?)null, "link_click"), (10m, "link_click")]));
        Assert.That((Tally.Of(days).Spend, Tally.Of(days).Results, Tally.Of(days).ResultType, Tally.Of(days).CostPerResult), Is.EqualTo((40m, (decimal?)null, "link_click", 2m)), "and what one costs is of the day that tells both");
        Assert.That((await reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(1), default)).Select(day => day.FirstResults), Is.EqualTo([(decimal?)null, 10m]), "nor were they at first");
        Assert.That((await reader.ListAccountsAsync("USD", Day, Day.AddDays(1), 50, default)).ToDictionary(share => share.Id, share => share.Results), Is.EquivalentTo(new Dictionary<string, decimal?> { [$"{one}"] = null, [$"{other}"] = 10m }));
        Assert.That((await reader.ListCampaignsAsync(one, Day, Day.AddDays(1), 50, default)).Single().Results, Is.Null);
        Assert.That((await rows.TotalAsync(filter, default)).Select(total => (total.Spend, total.Results)), Is.EqualTo([(3m, (decimal?)null)]));
        Assert.That((await rows.ListAsync(filter, null, 10, default)).Select(row => (row.Spend, row.Results)), Is.EqualTo([((decimal?)3m, (decimal?)null)]));
    }

    /// <summary>Meta would tell nothing of some campaign, or ad.</summary>
    [Test]
    public async Task A_day_that_was_never_told_whole_says_so_and_one_that_was_asked_for_again_in_vain_is_as_old_as_it_was()
    {
        await using var core = await InProcess.CreateAsync();
        var account = await core.AddAccountAsync();
        await core.Database.DataSource.SeedSumsAsync(new SeededSum(account, Day) { IsWhole = false }, new SeededSum(account, Day.AddDays(1)), new SeededSum(account, Day) { Campaign = "A" }, new SeededSum(account, Day.AddDays(1)) { Campaign = "A" });
        await core.Database.DataSource.SeedAsync(new SeededInsight(account, "2026-10-01", "ad1") { SyncedAt = "2026-10-02T03:00:00Z" }, new SeededInsight(account, "2026-10-02", "ad1") { SyncedAt = "2026-10-02T03:00:00Z" });
        await core.Database.DataSource.DoAsync("UPDATE insight_days SET seen_at = '2026-10-04T03:00:00Z' WHERE date_start = @day", new { day = Day.AddDays(1) });
        var (reader, rows) = (core.Get<NumberReader>(), core.Get<InsightReader>());
        using var all = Assert.EnterMultipleScope();
        Assert.That((await reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(1), default)).Select(day => day.IsPartial), Is.EqualTo([true, false]));
        foreach (var (campaign, isPartial) in ((string?, bool)[])[(null, true), ("A", false), ("another", true)])
            Assert.That((await reader.ListDaysAsync(account, campaign, Day, Day.AddDays(1), default)).Select(day => day.IsPartial), Is.EqualTo([isPartial, false]), $"{campaign}");
        Assert.That((await core.Get<SyncedDayReader>().ListAsync(new(account, null, null, Differing: false), null, 10, default)).Select(day => day.IsPartial), Is.EqualTo([false, true]));
        foreach (var (level, isPartial) in ((InsightLevel, bool)[])[(InsightLevel.Account, true), (InsightLevel.Campaign, false), (InsightLevel.Ad, false)])
            Assert.That((await rows.ListAsync(new(account, null, null, null, level), null, 10, default)).Select(row => (row.IsPartial, row.Date == Day || row.SyncedAt.Day == 4)), Is.EqualTo([(isPartial, true), (false, true)]), $"{level}");
    }

    [Test]
    public async Task What_a_day_was_first_is_told_of_all_only_when_all_were_read_whole()
    {
        var days = await _reader.ListDaysOfAllAsync("USD", Day, Day.AddDays(2), default);
        Assert.That(days.Select(day => (day.HasFirst, day.FirstSpend, day.IsPartial)), Is.EqualTo([(true, 13.5m, false), (true, 6m, false), (false, (decimal?)null, true)]));
    }

    [Test]
    public async Task A_campaigns_day_without_a_row_is_zero_when_the_account_was_read_and_missing_when_it_was_not()
    {
        var days = await _reader.ListDaysAsync(_second, "A", Day.AddDays(-9), Day.AddDays(9), default);
        Assert.That(days.Select(day => (day.Date, day.Spend, day.Campaigns)), Is.EqualTo([(Day, 8m, 1), (Day.AddDays(1), 7m, 1), (Day.AddDays(2), (decimal?)0m, 0)]));
        var others = await _reader.ListDaysAsync(_second, "B", Day.AddDays(-9), Day, default);
        Assert.That(others.Select(day => (day.Date, day.Spend)), Is.EqualTo([(Day.AddDays(-5), 1m), (Day, (decimal?)3m)]), "its first numbers came before a sync");
        Assert.That((await _reader.FindAccountOfAsync("A", default))!.Id, Is.EqualTo(_second));
    }

    [Test]
    public async Task Campaigns_come_by_what_they_spent_in_the_range() => Assert.That(
        (await _reader.ListCampaignsAsync(_second, Day, Day.AddDays(9), 50, default)).Select(share => (share.Id, share.Spend, share.Results)), Is.EqualTo([("A", 15m, 10m), ("B", (decimal?)3m, (decimal?)5m)]));

    [Test]
    public void Ratios_are_of_sums_and_nothing_by_nothing_is_none()
    {
        NumberDay Of(decimal? spend, long? clicks, long? impressions) => new()
        {
            Date = Day, Spend = spend, Clicks = clicks, Impressions = impressions, Results = 0, ResultType = "x", Campaigns = 1, Accounts = 1, HasFirst = false, IsPartial = false,
            SyncedAt = default, NewestSyncedAt = default, VanishedSpend = 0,
        };
        var total = Tally.Of([Of(10, 1, 100), Of(10, 9, 900), Of(50, null, 500)]);
        Assert.That((total.Spend, total.Clicks, total.Impressions), Is.EqualTo((70m, 10L, 1500L)));
        Assert.That((total.Cpc, total.Ctr, total.CostPerResult), Is.EqualTo((2m, 0.01m, (decimal?)null)), "the day whose clicks are not told has no part in what is by click");
        Assert.That(Tally.Of([Of(10, 0, 0)]).Cpc, Is.Null);
        Assert.That((Tally.Of([]).Spend, Tally.Of([]).HasMixedResults), Is.EqualTo(((decimal?)null, false)));
    }

    [Test]
    public async Task Each_query_follows_an_index_of_its_range()
    {
        await using var core = await InProcess.CreateAsync();
        var account = Guid.Empty;
        for (var number = 0; number < 20; number++) account = await core.AddAccountAsync();
        await core.Database.DataSource.DoAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, currency)
            SELECT a.id, day::date, now(), gen_random_uuid(), false, 1, 1, 0, 0, 'USD' FROM generate_series('2026-01-01'::timestamp, '2026-11-20', '1 day') day, social_accounts a;
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, currency)
            SELECT a.id, day::date, a.ad_account_id || 'campaign' || c, 1, 0, 'USD' FROM generate_series('2026-01-01'::timestamp, '2026-11-20', '1 day') day, social_accounts a, generate_series(1, 10) c
            """);
        await core.Database.DataSource.DoAsync("ANALYZE insight_days, insight_campaign_days, social_accounts");
        await using var connection = await core.Database.DataSource.OpenConnectionAsync();
        var campaign = await connection.ExecuteScalarAsync<string>("SELECT ad_account_id || 'campaign3' FROM social_accounts WHERE id = @account", new { account });
        var parameters = new
        {
            AccountId = account, CampaignId = campaign, Currency = "USD", Limit = 50,
            Since = new DateTime(2026, 10, 20, 0, 0, 0, DateTimeKind.Unspecified), Until = new DateTime(2026, 10, 27, 0, 0, 0, DateTimeKind.Unspecified),
        };
        foreach (var (sql, index) in new[]
        {
            (NumberSql.AccountDays, "insight_days_pkey"), (NumberSql.CampaignDays, "campaign_meta_id = "), (NumberSql.DaysOfAll, "insight_days_currency"),
            (NumberSql.Accounts, "insight_days_currency"), (NumberSql.Campaigns, "insight_campaign_days_pkey"),
        })
        {
            var plan = string.Join('\n', await connection.QueryAsync<string>($"EXPLAIN {sql}", parameters));
            Assert.That(plan, Does.Not.Contain("Seq Scan on insight_").And.Contain(index), plan);
            Assert.That(plan, Does.Contain("(date_start >= ").And.Not.Contain("Filter: (date_start"), plan);
        }
    }
}
