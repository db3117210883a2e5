using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations.Listing;

/// <summary>The search by words: whole among all runs as long as that is affordable, else as far as it went, and it says so.</summary>
[TestFixture]
public sealed class RunSearchTests
{
    private const int Runs = RunList.MostWalked + RunList.MostFound + 1000;
    private InProcess _core = null!;
    private Guid[] _accounts = [];

    // The runs go round three accounts. The oldest have the word "Winter", far more than the index may find; the newest "Sale"; the two oldest a word of their own.
    [OneTimeSetUp]
    public async Task FillAsync()
    {
        _core = await InProcess.CreateAsync();
        var clip = Guid.NewGuid();
        _accounts = [await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync()];
        await _core.Get<ClipStore>().InsertAsync(new() { Id = clip, Title = "A clip", ImageUrl = "https://example.com/a.jpg" }, CancellationToken.None);
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at)
            SELECT ('01900000-' || lpad(to_hex(n / 65536), 4, '0') || '-7' || lpad('', 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid, (@_accounts::uuid[])[n % 3 + 1], @clip,
                CASE WHEN n > @Runs - @Walked THEN 'Sale ' ELSE 'Winter ' END || CASE WHEN n <= 2 THEN 'Needlework ' ELSE '' END || n, '{}', 'tests', '\x00',
                CASE WHEN n % 100 = 1 THEN 'failed' ELSE 'succeeded' END, timestamptz '2026-01-01T00:00:00Z' + make_interval(mins => n)
            FROM generate_series(1, @Runs) n
            """, new { _accounts, clip, Runs, Walked = RunList.MostWalked });
        await connection.ExecuteAsync("ANALYZE orchestrations");
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [TestCase("needlework")]
    [TestCase("NEEDLE")]
    [TestCase("winter needlework")]
    public async Task A_rare_word_is_found_however_old(string search)
    {
        var page = await SearchAsync(search);

        Assert.That(page.Runs.Select(run => run.CampaignName), Is.EqualTo(["Winter Needlework 2", "Winter Needlework 1"]));
        Assert.That((page.Next, page.SearchedBackTo), Is.EqualTo(((Guid?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task A_common_word_is_found_newest_first_page_by_page()
    {
        var first = await SearchAsync("sale");
        var second = await SearchAsync("sale", first.Next);

        Assert.That(first.Runs.Concat(second.Runs).Select(run => run.CampaignName), Is.EqualTo(Enumerable.Range(0, 100).Select(n => $"Sale {Runs - n}")));
        Assert.That(first.SearchedBackTo, Is.Null);
    }

    [Test]
    public async Task A_word_that_was_common_long_ago_is_not_searched_to_its_end_at_once_says_so_and_goes_on_when_asked()
    {
        var first = await SearchAsync("winter");

        Assert.That(first.Runs, Is.Empty);
        Assert.That(first.SearchedBackTo, Is.EqualTo(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(Runs - RunList.MostWalked + 1)));
        var second = await SearchAsync("winter", first.Next);
        Assert.That(second.Runs.Select(run => run.CampaignName), Is.EqualTo(Enumerable.Range(0, 50).Select(n => $"Winter {Runs - RunList.MostWalked - n}")));
    }

    [Test]
    public async Task What_changes_all_that_were_found_finds_them_all()
    {
        var ids = await _core.Get<RunList>().ListIdsAsync(new(OrchestrationStatus.Failed, null, "winter", null, null), 100_000, CancellationToken.None);

        Assert.That(ids, Has.Count.EqualTo(Enumerable.Range(1, Runs - RunList.MostWalked).Count(n => n % 100 == 1)));
    }

    [TestCase(2)]
    [TestCase(200)]
    [TestCase(201)]
    public async Task Who_sees_some_accounts_has_their_newest_in_their_order_page_by_page(int sees)
    {
        var mine = new HashSet<Guid>([_accounts[0], _accounts[1], .. Enumerable.Range(2, sees - 2).Select(_ => Guid.NewGuid())]);
        using var scope = AccountScope.Enter(null, mine);

        Assert.That(await PagesAsync(null, null, 3), Is.EqualTo(Mine(_ => true).Take(150)));
        Assert.That(await PagesAsync(OrchestrationStatus.Failed, null, 2), Is.EqualTo(Mine(n => n % 100 == 1).Take(100)));
        Assert.That(await PagesAsync(null, "sale", 40), Is.EqualTo(Mine(n => n > Runs - RunList.MostWalked)));
        Assert.That(await PagesAsync(null, "needlework", 2), Is.EqualTo(Mine(n => n <= 2)));
        Assert.That(await _core.Get<RunList>().ListIdsAsync(new(null, null, "sale", null, null), 100_000, CancellationToken.None), Has.Count.EqualTo(Mine(n => n > Runs - RunList.MostWalked).Count()));

        var summaries = await _core.Get<RunSummaries>().ListAsync(new(OrchestrationStatus.Failed, null, null), null, 20, CancellationToken.None);
        var rest = await _core.Get<RunSummaries>().ListAsync(new(OrchestrationStatus.Failed, null, null), summaries.Next, 20, CancellationToken.None);
        Assert.That(summaries.Items.Concat(rest.Items).Select(run => run.CampaignName), Is.EqualTo(Mine(n => n % 100 == 1).Take(40)));
    }

    [TestCase("x' & 'y")]
    [TestCase("'); DROP TABLE orchestrations; --")]
    [TestCase(@"\' | zebra:*")]
    [TestCase("(((")]
    public async Task Signs_in_a_search_are_nothing_but_signs(string search) => Assert.That((await SearchAsync(search)).Runs, Is.Empty);

    [Test]
    public async Task A_program_gets_all_that_fits_page_by_page_though_no_page_compares_more_than_so_many_names()
    {
        var summaries = new RunSummaries(_core.Database.DataSource, mostSearched: 1000);
        var (found, pages, cursor) = (new List<string>(), 0, (Guid?)null);
        do
        {
            var page = await summaries.ListAsync(new(null, null, "eedlewor"), cursor, 1, CancellationToken.None);
            found.AddRange(page.Items.Select(run => run.CampaignName));
            (pages, cursor) = (pages + 1, page.Next);
        }
        while (cursor is not null);

        Assert.That(found, Is.EqualTo(["Winter Needlework 2", "Winter Needlework 1"]));
        Assert.That(pages, Is.EqualTo((Runs / 1000) + 1));
        Assert.That((await summaries.ListAsync(new(OrchestrationStatus.Failed, null, "needle"), null, 1, CancellationToken.None)).Items.Single().CampaignName, Is.EqualTo("Winter Needlework 1"));
    }

    // Names of the runs of the first two accounts, newest first.
    private static IEnumerable<string> Mine(Func<int, bool> fits) => Enumerable.Range(1, Runs).Reverse().Where(n => n % 3 < 2 && fits(n))
        .Select(n => $"{(n > Runs - RunList.MostWalked ? "Sale " : "Winter ")}{(n <= 2 ? "Needlework " : "")}{n}");

    private async Task<IReadOnlyList<string>> PagesAsync(OrchestrationStatus? status, string? search, int most)
    {
        var (names, cursor) = (new List<string>(), (Guid?)null);
        for (var page = 0; page < most; page++)
        {
            var found = await _core.Get<RunList>().ListAsync(new(status, null, search, null, null), cursor, 50, CancellationToken.None);
            names.AddRange(found.Runs.Select(run => run.CampaignName));
            if ((cursor = found.Next) is null) break;
        }
        return names;
    }

    private Task<RunPage> SearchAsync(string search, Guid? cursor = null) => _core.Get<RunList>().ListAsync(new(null, null, search, null, null), cursor, 50, CancellationToken.None);
}
