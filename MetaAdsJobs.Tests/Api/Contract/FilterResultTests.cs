using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>What the lists of campaigns, experiments, pools and accounts hold when several things are asked for at once, and when days are the first or last of something.</summary>
[TestFixture, HasServiceAlone]
public sealed class FilterResultTests
{
    private readonly string _mark = $"{Guid.NewGuid():N}";
    private Service _service = null!;
    private ApiClient _admin = null!;
    private JsonObject _first = null!;
    private JsonObject _second = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client("admin", "filter results");
        (_first, _second) = (await _admin.NewRequestAsync(), await _admin.NewRequestAsync());
        using var ann = _service.Client("manager", $"ann {_mark}");
        using var bob = _service.Client("manager", $"bob {_mark}");
        var ofBoth = _first.DeepClone().AsObject();
        ofBoth["clip_id"] = (string)_second["clip_id"]!;
        // Of the first account: two of Ann's, each with a clip of its own, and one of Bob's. Of the second: one of Ann's.
        // Experiments are found by the moment that their ids hold.
        DateTimeOffset[] at = [new(2026, 3, 1, 23, 59, 59, 999, TimeSpan.Zero), new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero), new(2026, 3, 2, 23, 59, 59, 999, TimeSpan.Zero), new(2026, 3, 3, 0, 0, 0, TimeSpan.Zero)];
        var ids = at.Select(Guid.CreateVersion7).ToArray();
        var runs = new { at, ids, a = Guid.Parse(await ann.AcceptAsync(_first)), b = Guid.Parse(await ann.AcceptAsync(ofBoth)), c = Guid.Parse(await bob.AcceptAsync(_first)), d = Guid.Parse(await ann.AcceptAsync(_second)) };
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($$"""
            CREATE TEMPORARY TABLE made AS SELECT n.letter, n.at, n.experiment, o.* FROM unnest('{a,b,c,d}'::text[], ARRAY[@a, @b, @c, @d]::uuid[], @at::timestamptz[], @ids::uuid[]) n (letter, id, at, experiment) JOIN orchestrations o ON o.request_id = n.id;
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, social_account_id, '{{_mark}}-' || letter, letter, 'OUTCOME_TRAFFIC', 'PAUSED', at FROM made ORDER BY at;
            INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
            SELECT experiment, social_account_id, request_id, letter, 'creative', 'result_rate', 0.2, 100, 7, 28, 100, '{}', 'running', '\x00', '{{_mark}}', at FROM made;
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), social_account_id, letter, 'adset', 'show', 'x', 20, 2, '{{_mark}}', at, at FROM made
            """, runs);
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [TestCase("", "abc", "d")]
    [TestCase("since=2026-03-02", "bc", "d")]
    [TestCase("until=2026-03-01", "a", "")]
    [TestCase("until=2026-03-02", "abc", "")]
    [TestCase("since=2026-03-02&until=2026-03-02", "bc", "")]
    [TestCase("since=2026-03-03", "", "d")]
    public async Task Campaigns_experiments_and_pools_are_found_by_the_days_from_midnight_to_midnight_in_UTC(string days, string ofFirst, string ofSecond)
    {
        using var all = Assert.EnterMultipleScope();
        foreach (var (list, mine) in ((string, string)[])[("/meta/campaigns", ""), ("/meta/experiments", $"&created_by={_mark}"), ("/meta/budget-pools", $"&created_by={_mark}")])
        {
            Assert.That(await NamesAsync($"{list}?{days}&social_account_id={_first["social_account_id"]}{mine}"), Is.EqualTo(ofFirst), list);
            Assert.That(await NamesAsync($"{list}?{days}&social_account_id={_second["social_account_id"]}{mine}"), Is.EqualTo(ofSecond), list);
            if (mine.Length > 0) Assert.That(await NamesAsync($"{list}?{days}{mine}"), Is.EqualTo(ofFirst + ofSecond), $"{list} of both accounts");
        }
    }

    [TestCase("ann", "", "", "abd")]
    [TestCase("bob", "", "", "c")]
    [TestCase("ann", "first", "", "ab")]
    [TestCase("ann", "second", "", "d")]
    [TestCase("bob", "second", "", "")]
    [TestCase("ann", "first", "since=2026-03-02", "b")]
    [TestCase("ann", "", "since=2026-03-02&until=2026-03-03", "bd")]
    [TestCase("ann", "", "until=2026-03-01&clip=first", "a")]
    [TestCase("ann", "first", "clip=second", "b")]
    [TestCase("ann", "", "clip=second", "bd")]
    [TestCase("bob", "first", "since=2026-03-02&until=2026-03-02&clip=first", "c")]
    [TestCase("bob", "first", "since=2026-03-02&until=2026-03-02&clip=second", "")]
    public async Task Campaigns_are_found_by_person_account_day_and_clip_together(string person, string account, string others, string expected)
    {
        var byAccount = account.Length == 0 ? "" : $"&social_account_id={(account == "first" ? _first : _second)["social_account_id"]}";
        var query = others.Replace("clip=first", $"clip_id={_first["clip_id"]}", StringComparison.Ordinal).Replace("clip=second", $"clip_id={_second["clip_id"]}", StringComparison.Ordinal);
        Assert.That(await NamesAsync($"/meta/campaigns?requested_by={person} {_mark}{byAccount}&{query}"), Is.EqualTo(expected));
    }

    [Test]
    public async Task Accounts_that_have_changed_since_are_those_that_somebody_has_changed_since()
    {
        var (changed, unchanged) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE social_accounts SET created_at = now() - interval '2 days', updated_at = now() - interval '2 days' WHERE id = ANY (@ids)", new { ids = new[] { Guid.Parse(changed), Guid.Parse(unchanged) } });
        var since = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().AddHours(-1).ToString("O", CultureInfo.InvariantCulture));
        Assert.That((await IdsAsync()).Intersect([changed, unchanged]), Is.Empty);

        Assert.That((await _admin.PatchAsync($"/meta/accounts/{changed}", new JsonObject { ["name"] = "Changed" })).Code, Is.EqualTo(200));

        Assert.That((await IdsAsync()).Intersect([changed, unchanged]), Is.EqualTo([changed]));
        var later = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().AddHours(1).ToString("O", CultureInfo.InvariantCulture));
        Assert.That((await _admin.GetAsync($"/meta/accounts?changed_since={later}")).Json["items"]!.AsArray(), Is.Empty);

        async Task<IEnumerable<string>> IdsAsync() => (await _admin.GetAsync($"/meta/accounts?changed_since={since}&limit=200")).Json["items"]!.AsArray().Select(account => (string)account!["id"]!);
    }

    /// <summary>In the alphabet's order: which are found, and each once.</summary>
    private async Task<string> NamesAsync(string url)
    {
        var answer = await _admin.GetAsync(url);
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return string.Concat(answer.Json["items"]!.AsArray().Select(one => (string)one!["name"]!).Order(StringComparer.Ordinal));
    }
}
