using Dapper;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>The sums that pages read are those of the rows, whatever has written them; what a day was first stays while it moves.</summary>
[TestFixture]
public sealed class CampaignDayTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync(("Insights:RowsPerCommit", "100"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync() => _account = await _world.AddAccountAsync(campaigns: 3, adsOfEach: 2);

    [Test]
    public async Task A_first_sync_adds_up_its_rows_and_a_second_that_says_the_same_writes_no_sum_again()
    {
        await _world.SyncAsync(_account);
        await SumsAsync();
        var first = await FirstAsync();
        Assert.That(first, Has.Count.EqualTo(4 * 28));
        Assert.That(first.Values.Where(row => row.FirstAt is null || row.First != row.Now), Is.Empty);
        var before = await VersionsAsync();

        await _world.SyncAsync(_account);

        Assert.That(await VersionsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_restated_day_is_what_Meta_says_now_and_stays_what_it_was_when_it_was_first_seen()
    {
        await _world.SyncAsync(_account);
        var first = await FirstAsync();
        for (var time = 0; time < 2; time++)
        {
            await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
            await _world.SyncAsync(_account);
            await SumsAsync();
        }

        var now = await FirstAsync();
        Assert.That(now.Values.Count(row => row.First != row.Now), Is.GreaterThan(50));
        foreach (var (key, row) in now) Assert.That((row.First, row.FirstAt), Is.EqualTo((first[key].Now, first[key].FirstAt)), $"{key}");
    }

    [Test]
    public async Task An_ad_that_Meta_no_longer_tells_of_counts_on_and_says_so()
    {
        await _world.SyncAsync(_account);
        var before = await FirstAsync();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE id = (SELECT max(ad_meta_id) FROM meta_ad_insights WHERE social_account_id = @Id)", new { _account.Id });

        await _world.SyncAsync(_account);

        await SumsAsync();
        Assert.That(await FirstAsync(), Is.EqualTo(before));
        Assert.That((await _world.ListAsync<decimal>("SELECT sum(vanished_spend) FROM insight_campaign_days WHERE social_account_id = @Id", new { _account.Id })).Single(), Is.GreaterThan(0));
    }

    [Test]
    public async Task A_day_that_is_not_over_has_not_been_seen_first_until_it_is()
    {
        var today = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow());
        await _world.SyncAsync(_account, days: 2, untilDaysAgo: 0);
        await SumsAsync();
        var partial = await FirstAsync();
        Assert.That(partial.Values.Where(row => row.DateStart == today).ToList(), Has.Count.EqualTo(4).And.All.Property("FirstAt").Null.And.All.Property("FirstSpend").Null);
        Assert.That(partial.Values.Where(row => row.DateStart < today).ToList(), Has.All.Property("FirstAt").Not.Null);

        _world.Time.Advance(TimeSpan.FromDays(1));
        await _world.SyncAsync(_account, days: 2, untilDaysAgo: 1);

        await SumsAsync();
        var over = (await FirstAsync()).Values.Where(row => row.DateStart == today).ToList();
        Assert.That(over, Has.Count.EqualTo(4).And.All.Property("FirstAt").Not.Null);
        Assert.That(over.Where(row => row.First != row.Now), Is.Empty);
    }

    [Test]
    public async Task A_campaign_that_a_later_report_first_tells_of_was_nothing_when_the_day_was_first_seen()
    {
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE account_id = @account AND id LIKE '%\\_3\\__'", new { account = _account.AdAccountId[4..] });
        await _world.SyncAsync(_account);
        var before = (await FirstAsync()).Where(row => row.Key.Campaign == "").ToDictionary();
        Assert.That((await FirstAsync()).Keys.Select(key => key.Campaign).Distinct().Count(), Is.EqualTo(3), "two campaigns and the account");
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = NULL WHERE account_id = @account", new { account = _account.AdAccountId[4..] });

        await _world.SyncAsync(_account);

        await SumsAsync();
        var after = await FirstAsync();
        var late = after.Values.Where(row => row.CampaignMetaId.EndsWith("_3", StringComparison.Ordinal)).ToList();
        Assert.That(late, Has.Count.EqualTo(28));
        Assert.That(late.Where(row => row.FirstAt is null || row.First != (0m, 0L, 0L, 0m) || row.Spend is null or 0), Is.Empty);
        foreach (var (key, row) in before) Assert.That(after[key].First, Is.EqualTo(row.Now), $"{key}");
        // Whoever asks what was restated since hears of it.
        Assert.That(await _world.ListAsync<string>("SELECT object_id FROM insight_changes WHERE social_account_id = @Id AND metric = 'spend' AND old_value = 0 AND new_value > 0", new { _account.Id }), Has.Count.EqualTo(56).And.All.Match("_3_[12]$"));
    }

    [Test]
    public async Task An_ad_that_moves_to_another_campaign_counts_there_only()
    {
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await StoreAsync(Row("stays", until, 2m) with { CampaignId = "old" }, Row("moves", until, 5m) with { CampaignId = "old" });

        await StoreAsync(Row("stays", until, 2m) with { CampaignId = "old" }, Row("moves", until, 5m) with { Raw = """{"campaign_id":"new"}"""u8.ToArray() });

        await SumsAsync();
        var after = await FirstAsync();
        Assert.That((after[("old", until)].Spend, after[("new", until)].Spend), Is.EqualTo(((decimal?)2m, (decimal?)5m)));
    }

    [TestCase("day")]
    [TestCase("campaign")]
    [TestCase("ad")]
    public async Task What_Meta_would_not_tell_has_not_been_seen_first(string what)
    {
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await _world.SyncAsync(_account, days: 1);
        await _world.ExecuteAsync("UPDATE insight_campaign_days SET first_at = NULL WHERE social_account_id = @Id", new { _account.Id });
        await _world.ExecuteAsync("UPDATE insight_days SET first_at = NULL WHERE social_account_id = @Id", new { _account.Id });
        var (campaign, ad) = (await _world.ListAsync<(string, string)>("SELECT campaign_meta_id, ad_meta_id FROM meta_ad_insights WHERE social_account_id = @Id LIMIT 1", new { _account.Id })).Single();

        await StoreUntoldAsync(new(what == "day" ? [until] : [], what == "campaign" ? [campaign] : [], what == "ad" ? [ad] : [], what == "day" ? [] : [until], DateOnly.MinValue));

        var seen = await FirstAsync();
        Assert.That(seen[(campaign, until)].FirstAt, Is.Null);
        Assert.That(seen.Values.Count(row => row.FirstAt is not null), Is.EqualTo(what == "day" ? 0 : 2), "the other campaigns");
        await StoreUntoldAsync(Nothing);
        seen = await FirstAsync();
        Assert.That((seen[(campaign, until)].FirstAt is not null, seen[(campaign, until)].First), Is.EqualTo((true, seen[(campaign, until)].Now)), "the next night told");

        async Task StoreUntoldAsync(UnansweredParts unanswered)
        {
            await using var connection = await _world.Database.DataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await _world.Get<CampaignDays>().StoreAsync(connection, transaction, _account.Id, new(until, until), until.AddDays(1), unanswered, CancellationToken.None);
            await transaction.CommitAsync();
        }
    }

    [Test]
    public async Task What_Meta_would_not_tell_is_skipped_in_a_sum_and_told_of_none_it_is_none()
    {
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await StoreAsync(Row("new_1", until, 5.25m), Row("new_2", until, null), Row("new_1", until.AddDays(-1), null), Row("new_2", until.AddDays(-1), null) with { ResultType = "purchase" });

        await SumsAsync();
        var rows = await FirstAsync();
        Assert.That((rows[("new", until)].Spend, rows[("new", until)].Results), Is.EqualTo(((decimal?)5.25m, (decimal?)4m)));
        Assert.That((rows[("new", until.AddDays(-1))].Spend, rows[("new", until.AddDays(-1))].Results), Is.EqualTo(((decimal?)null, (decimal?)null)), "and clicks are not purchases");
    }

    /// <summary>Meta would not tell the results of the one that has most: what the others have is not what the campaign has.</summary>
    [Test]
    public async Task Results_of_a_part_are_not_those_of_the_whole()
    {
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await StoreAsync(Row("new_1", until, 5m), Row("new_2", until, 500m) with { Results = null });

        await SumsAsync();
        var row = (await FirstAsync())[("new", until)];
        Assert.That((row.Spend, row.Results), Is.EqualTo(((decimal?)505m, (decimal?)null)));
    }

    /// <summary>Somebody had the day read at noon, and Meta left something out of it at night.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task What_a_day_had_before_it_was_over_does_not_stand_for_what_Meta_leaves_out_of_it_afterwards(bool isIncomplete)
    {
        var day = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        var night = Row("new_1", day, null) with { Results = isIncomplete ? null : 0, IsIncomplete = isIncomplete, Raw = """{"impressions":"100"}"""u8.ToArray() };
        await StoreAsync(day, Row("new_1", day, 50m) with { Raw = """{"actions":[{"action_type":"link_click","value":"2"}]}"""u8.ToArray() });
        for (var nights = 1; nights < 3; nights++) await StoreAsync(day.AddDays(nights), night);

        await SumsAsync();
        var row = (await FirstAsync())[("new", day)];
        Assert.That((row.Spend, row.Results, row.FirstAt is not null), Is.EqualTo(((decimal?)null, (decimal?)null, true)));
        Assert.That(await _world.ListAsync<string>("SELECT raw::text FROM meta_ad_insights WHERE social_account_id = @Id", new { _account.Id }), Is.EqualTo([isIncomplete ? """{"impressions": "100"}""" : """{"_untold": true, "impressions": "100"}"""]));
        Assert.That(await _world.ListAsync<string>("SELECT metric FROM insight_changes WHERE social_account_id = @Id", new { _account.Id }), Is.Empty);

        await StoreAsync(day.AddDays(3), Row("new_1", day, 500m) with { Results = 20 });
        await StoreAsync(day.AddDays(4), night);
        row = (await FirstAsync())[("new", day)];
        Assert.That((row.Spend, row.Results), Is.EqualTo(((decimal?)500m, (decimal?)20m)), "what was told of the whole day stays");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Rows_that_come_for_a_day_that_was_seen_whole_without_any_have_changed_it(bool wasSeen)
    {
        var day = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await _world.ExecuteAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, total_spend, results, currency, first_at)
            VALUES (@Id, @day, now(), gen_random_uuid(), false, 0, 0, 0, 0, 0, 0, 'USD', CASE WHEN @wasSeen THEN now() END)
            """, new { _account.Id, day, wasSeen });
        await StoreAsync(Row("new_1", day, 5m));
        string[] changes = wasSeen ? ["clicks 0 10", "impressions 0 100", "link_clicks 0 5", "reach 0 80", "results 0 2", "spend 0 5"] : [];
        Assert.That(await _world.ListAsync<string>("SELECT concat(metric, ' ', trim_scale(old_value), ' ', trim_scale(new_value)) FROM insight_changes WHERE social_account_id = @Id ORDER BY 1", new { _account.Id }), Is.EqualTo(changes));
    }

    /// <summary>It was asked for again in vain.</summary>
    [Test]
    public async Task A_day_of_which_Meta_told_nothing_of_an_ad_stays_as_old_as_it_was()
    {
        var until = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-1);
        await _world.SyncAsync(_account, days: 1);
        var before = await SeenAsync();
        Assert.That(before.Seen, Is.EqualTo(before.Synced));
        var later = _world.Time.GetUtcNow().AddDays(3);
        foreach (var (ads, isSeen) in ((string[], bool)[])[(["one"], false), ([], true)])
        {
            var claim = new SyncClaim(Guid.CreateVersion7(), 1, 0, 0, _account.Id, "", "USD", _account.Timezone, new(until, until), IsNightly: false, later, null, null, new("", ""));
            await using var connection = await _world.Database.DataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await _world.Get<Reconciliation>().StoreAsync(connection, transaction, claim, new(until, until), until.AddDays(4), new([], [], ads, ads.Length == 0 ? [] : [until], DateOnly.MinValue), new Dictionary<DateOnly, decimal>(), CancellationToken.None);
            await transaction.CommitAsync();
            var now = await SeenAsync();
            Assert.That((now.Synced > before.Synced, now.Seen > before.Seen), Is.EqualTo((true, isSeen)));
        }

        async Task<(DateTimeOffset Seen, DateTimeOffset Synced)> SeenAsync() => (await _world.ListAsync<(DateTimeOffset, DateTimeOffset)>("SELECT seen_at, synced_at FROM insight_days WHERE social_account_id = @Id", new { _account.Id })).Single();
    }

    private static readonly UnansweredParts Nothing = new([], [], [], [], DateOnly.MinValue);

    private Task SumsAsync() => _world.Database.DataSource.AssertSumsAreOfTheirRowsAsync(_account.Id);

    private Task<Dictionary<(string Campaign, DateOnly Day), FirstRow>> FirstAsync() => _world.Database.DataSource.FirstAsync(_account.Id);

    private Task<IReadOnlyList<string>> VersionsAsync() => _world.ListAsync<string>("SELECT ctid || ' ' || xmin || ' ' || xmax FROM insight_campaign_days WHERE social_account_id = @Id ORDER BY 1", new { _account.Id });

    // As a sync does with what it has staged.
    private Task StoreAsync(params InsightRow[] rows) => StoreAsync(AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()), rows);

    private async Task StoreAsync(DateOnly today, params InsightRow[] rows)
    {
        var days = new DayRange(rows.Min(row => row.Day), rows.Max(row => row.Day));
        var claim = new SyncClaim(Guid.CreateVersion7(), 1, 0, 0, _account.Id, "", "USD", _account.Timezone, days, IsNightly: false, _world.Time.GetUtcNow(), null, null, new("", ""));
        await using var connection = await _world.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Staging.CopyAsync(connection, claim.SyncId, new() { No = 0, DefinitionId = 0, Since = days.Since, Until = days.Until, Scope = default, ScopeIds = [], Mode = default }, [new InsightPage(rows, null!)], CancellationToken.None);
        await _world.Get<InsightStore>().UpsertAdsAsync(connection, transaction, claim, days, today, Nothing, CancellationToken.None);
        await _world.Get<CampaignDays>().StoreAsync(connection, transaction, _account.Id, days, today, Nothing, CancellationToken.None);
        await transaction.CommitAsync();
    }

    private static InsightRow Row(string ad, DateOnly day, decimal? spend) => new()
    {
        ObjectId = ad, Breakdown = "[]", Day = day, AdId = ad, AdSetId = "new_set", CampaignId = "new", Impressions = 100, Clicks = 10, LinkClicks = 5, Reach = 80, Spend = spend,
        Results = 2, ResultType = "link_click", Raw = "{}"u8.ToArray(),
    };
}
