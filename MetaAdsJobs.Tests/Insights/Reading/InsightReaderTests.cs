using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights.Reading;

/// <summary>Two accounts that share an ad account, and a third that pays in euros.</summary>
[TestFixture]
public sealed class InsightReaderTests
{
    private static readonly string[] Days = ["2026-09-30", "2026-10-01", "2026-10-02"];
    private InProcess _core = null!;
    private InsightReader _reader = null!;
    private Guid _first;
    private Guid _second;
    private Guid _euros;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        _core = await InProcess.CreateAsync();
        _reader = _core.Get<InsightReader>();
        (_second, _first, _euros) = (await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync());
        var database = _core.Database.DataSource;
        await database.DoAsync("UPDATE social_accounts SET ad_account_id = 'act_1', double_of = NULLIF(@First, id), created_at = now() - interval '1 day' * CASE WHEN id = @First THEN 2 ELSE 1 END WHERE id IN (@First, @Second)",
            new { First = _first, Second = _second });
        await database.SeedAsync(
            from account in new[] { _first, _second, _euros }
            from day in Days
            from number in Enumerable.Range(1, 6)
            select new SeededInsight(account, day, $"{Of(account)}ad{number}")
            {
                AdSet = $"{Of(account)}set{(number + 1) / 2}", Campaign = $"{Of(account)}campaign{(number + 3) / 4}", Currency = account == _euros ? "EUR" : "USD",
                // The third ad set counts something else, and of one ad Meta tells nothing.
                ResultType = number == 5 ? "purchase" : "link_click", Clicks = number == 6 ? null : 10, IsPartial = day == Days[2] && number == 1,
                SyncedAt = number == 2 ? "2026-10-07T03:00:00Z" : "2026-10-05T03:00:00Z", VanishedAt = number == 3 ? "2026-10-06T03:00:00Z" : null,
            });
        await database.DoAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend)
            VALUES (@First, '2026-10-01', '2026-10-06T03:00:00Z', gen_random_uuid(), false, 5, 7.5, 1, 1.5), (@First, '2026-09-30', '2026-10-02T03:00:00Z', gen_random_uuid(), false, 6, 9, 0, 0),
                (@Second, '2026-10-01', '2026-10-03T03:00:00Z', gen_random_uuid(), false, 6, 9, 0, 0), (@Second, '2026-10-02', '2026-10-03T03:00:00Z', gen_random_uuid(), false, 6, 9, 0, 0)
            """, new { First = _first, Second = _second });
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    /// <summary>The first has read the first two days later, the second the third.</summary>
    [Test]
    public async Task A_day_of_an_ad_account_that_two_accounts_share_is_told_once_by_the_one_that_read_it_last()
    {
        foreach (var level in Enum.GetValues<InsightLevel>())
        {
            var rows = (await ListAsync(new(null, null, null, null, level))).Where(row => row.Currency == "USD").ToList();
            Assert.That(rows.Select(row => (row.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), row.SocialAccountId)).Distinct(), Is.EquivalentTo([(Days[0], _first), (Days[1], _first), (Days[2], _second)]), $"{level}");
            Assert.That(rows.Sum(row => row.Impressions), Is.EqualTo(3 * 6 * 100), $"{level}");
        }

        Assert.That((await ListAsync(new(null, null, new(2026, 10, 2), null, InsightLevel.Ad))).Select(row => row.SocialAccountId).Distinct(), Is.EquivalentTo([_second, _euros]));
        Assert.That((await _reader.TotalAsync(new(null, null, null, null, InsightLevel.Ad), default)).Select(total => (total.Currency, total.Rows)), Is.EqualTo([("EUR", 18L), ("USD", 18L)]));
        Assert.That(await ListAsync(new(null, "shared-campaign1", null, null, InsightLevel.Ad)), Has.Count.EqualTo(12));
        Assert.That(await ListAsync(new(_second, null, null, null, InsightLevel.Ad)), Has.Count.EqualTo(18), "by its name the other one is read");
    }

    /// <summary>Who sees one of the two is told all that this one has, whatever the other has read.</summary>
    [Test]
    public async Task Who_sees_one_of_the_two_is_told_its_days([Values] bool isFirst)
    {
        var seen = new HashSet<Guid> { isFirst ? _first : _second };
        using var scope = AccountScope.Enter(null, seen);
        Assert.That((await ListAsync(new(null, null, null, null, InsightLevel.Account))).Select(row => row.SocialAccountId), Is.EqualTo(Enumerable.Repeat(seen.Single(), 3)));
    }

    [Test]
    public async Task Totals_are_of_the_whole_filter_and_of_no_more()
    {
        var total = (await _reader.TotalAsync(new(_first, "shared-campaign1", new(2026, 10, 1), null, InsightLevel.Campaign), default)).Single();
        Assert.That((total.Rows, total.Impressions, total.Clicks, total.LinkClicks, total.Spend), Is.EqualTo((8L, 800L, 80L, 40L, 12m)));
        Assert.That((total.Since, total.Until), Is.EqualTo((new DateOnly(2026, 10, 1), new DateOnly(2026, 10, 2))));
        Assert.That((total.Results, total.ResultType), Is.EqualTo((16m, "link_click")));
    }

    [Test]
    public async Task Different_results_are_not_added()
    {
        var sets = (await ListAsync(new(_first, null, new(2026, 10, 1), new(2026, 10, 1), InsightLevel.AdSet))).ToDictionary(row => row.AdsetId!);
        Assert.That((sets["shared-set1"].Results, sets["shared-set1"].ResultType), Is.EqualTo((4m, "link_click")));
        Assert.That((sets["shared-set3"].Results, sets["shared-set3"].ResultType), Is.EqualTo(((decimal?)null, (string?)null)), "purchases and clicks");
        var total = (await _reader.TotalAsync(new(_first, null, null, null, InsightLevel.Ad), default)).Single();
        Assert.That((total.Results, total.ResultType), Is.EqualTo(((decimal?)null, (string?)null)));
    }

    [Test]
    public async Task A_row_that_does_not_tell_its_result_is_added_to_no_other()
    {
        var account = await _core.AddAccountAsync();
        await _core.Database.DataSource.SeedAsync(new(account, Days[0], "x1"), new(account, Days[0], "x2") { Results = null, ResultType = null });
        Assert.That((await ListAsync(new(account, null, null, null, InsightLevel.Campaign))).Single().Results, Is.Null);
        await _core.Database.DataSource.DoAsync("DELETE FROM meta_ad_insights WHERE social_account_id = @Account", new { Account = account });
    }

    [Test]
    public async Task What_Meta_does_not_tell_is_null_of_an_ad_and_skipped_in_a_sum()
    {
        var ad = (await ListAsync(new(_first, null, null, null, InsightLevel.Ad))).First(row => row.AdId == "shared-ad6");
        Assert.That((ad.Clicks, ad.Impressions), Is.EqualTo(((long?)null, 100L)));
        var day = (await ListAsync(new(_first, null, null, null, InsightLevel.Account)))[0];
        Assert.That((day.Clicks, day.Impressions), Is.EqualTo((50L, 600L)));
    }

    [Test]
    public async Task Rows_are_as_fresh_as_their_day_but_one_that_vanished_stays_as_old_as_it_is()
    {
        var day = await ListAsync(new(_first, null, new(2026, 10, 1), new(2026, 10, 1), InsightLevel.Ad));
        Assert.That(day.Select(row => row.SyncedAt.Day), Is.EqualTo([6, 7, 5, 6, 6, 6]));
        Assert.That(day.Select(row => row.Vanished), Is.EqualTo([false, false, true, false, false, false]));
        Assert.That((await ListAsync(new(_first, null, new(2026, 10, 1), new(2026, 10, 1), InsightLevel.Account))).Single().SyncedAt.Day, Is.EqualTo(5), "the oldest of them");
    }

    [Test]
    public async Task A_group_is_partial_when_one_of_its_rows_is() => Assert.That(
        (await ListAsync(new(_first, null, null, null, InsightLevel.Campaign))).Select(row => row.IsPartial), Is.EqualTo([false, false, false, false, true, false]));

    [Test]
    public async Task Reach_is_never_added_up()
    {
        foreach (var level in Enum.GetValues<InsightLevel>())
            Assert.That((await ListAsync(new(_first, null, null, null, level))).Select(row => row.Reach), Is.All.EqualTo(level == InsightLevel.Ad ? 80L : null), $"{level}");
        Assert.That(InsightSql.Totals(new(null, null, null, null, InsightLevel.Ad)), Does.Not.Contain("reach"));
        Assert.That(typeof(InsightTotal).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)), Has.None.Contains("reach"));
    }

    [Test]
    public async Task Pages_of_one_hold_every_row_once_and_in_order([Values] InsightLevel level, [Values("all", "account", "campaign", "both")] string what)
    {
        var filter = new InsightFilter(what is "account" or "both" ? _first : null, what is "campaign" or "both" ? "shared-campaign1" : null, null, null, level);
        var whole = new List<InsightDay>();
        await foreach (var row in _reader.StreamAsync(filter, default)) whole.Add(row);
        var paged = new List<InsightDay>();
        while (paged.Count <= whole.Count && await _reader.ListAsync(filter, paged.Count == 0 ? null : InsightCursor.After(paged[^1]), 1, default) is [var next]) paged.Add(next);

        var things = level switch { InsightLevel.Ad => 6, InsightLevel.AdSet => 3, InsightLevel.Campaign => 2, _ => 1 };
        if (what is "campaign" or "both") things = level switch { InsightLevel.Ad => 4, InsightLevel.AdSet => 2, _ => 1 };
        Assert.That(whole, Has.Count.EqualTo(things * Days.Length * (what == "all" ? 2 : 1)));
        Assert.That(paged, Is.EqualTo(whole));
        Assert.That(whole.Select(row => $"{(what == "all" ? row.SocialAccountId.ToString() : "")} {row.Date:yyyy-MM-dd} {row.AdId ?? row.AdsetId ?? row.CampaignId}"),
            Is.Unique.And.Ordered.Using<string>(string.CompareOrdinal));
    }

    private Task<IReadOnlyList<InsightDay>> ListAsync(InsightFilter filter) => _reader.ListAsync(filter, null, 1000, default);

    private string Of(Guid account) => account == _euros ? "euros-" : "shared-";
}
