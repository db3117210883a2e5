using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>Meta's report leaves deleted ads out, its sum for the account does not: a day that differs, may differ, or is still counted on is asked about before it is stored.</summary>
[TestFixture]
public sealed class MissingAdsTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;
    private string _deleted = "";
    private DateOnly _fiveDaysAgo;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task DeleteAnAdAsync()
    {
        _world.Graph.Faults.Clear();
        _account = await _world.AddAccountAsync(campaigns: 2, adsOfEach: 3);
        _deleted = (await _world.AtMetaAsync(_account, 1)).Keys.First().Ad;
        _fiveDaysAgo = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-5);
        await DeleteAsync();
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task An_ad_that_was_deleted_before_it_was_first_read_is_asked_for_and_stored()
    {
        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.LeftOut.Length), Is.EqualTo(("succeeded", 0)));
        Assert.That(await DaysOfDeletedAsync(), Is.EqualTo(28));
        Assert.That(await DifferencesAsync(), Is.All.EqualTo(0m));
        Assert.That(AsksForDeleted(), Is.EqualTo(1), "days in a row are one report");

        // A day that is older than what nights read: known by now, it is all the difference, and nothing is asked for again.
        await _world.SyncAsync(_account, days: 1, untilDaysAgo: 40);
        _world.Graph.ForgetCalls();
        await _world.SyncAsync(_account, days: 1, untilDaysAgo: 40);
        Assert.That(AsksForDeleted(), Is.Zero);
        Assert.That(await DaysOfDeletedAsync(), Is.EqualTo(29), "kept");
        Assert.That(await DifferencesAsync(), Is.All.EqualTo(0m));
    }

    /// <summary>Meta puts results down to its days for a week after it is gone.</summary>
    [Test]
    public async Task An_ad_that_was_read_before_it_was_deleted_is_read_on_as_the_others_are()
    {
        await UndeleteAsync();
        await _world.SyncAsync(_account);
        await DeleteAsync();
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        _world.Graph.ForgetCalls();

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.LeftOut.Length, sync.RowsVanished), Is.EqualTo(("succeeded", 0, 0L)));
        Assert.That(AsksForDeleted(), Is.EqualTo(1), "days in a row are one report");
        Assert.That(await _world.Database.DataSource.RowsAsync($"insight_changes WHERE social_account_id = '{_account.Id}' AND object_id = '{_deleted}'"), Is.Positive);
        await UndeleteAsync();
        await _world.AssertEqualsMetaAsync(_account);
    }

    /// <summary>Nobody knows then whether ads are missing.</summary>
    [Test]
    public async Task Deleted_ads_are_asked_for_of_all_days_of_which_Meta_does_not_tell_the_account_s_spend_and_that_is_told()
    {
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Refused(200));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith($"the account's own spend on 28 of the days from {_fiveDaysAgo.AddDays(-23):yyyy-MM-dd} to {_fiveDaysAgo.AddDays(4):yyyy-MM-dd}: ").And.Contain("code 200"));
        Assert.That(AsksForDeleted(), Is.EqualTo(1), "days in a row are one report");
        Assert.That(AsksForAccount(), Has.Count.EqualTo(1), "there are no fewer days to ask for");
        Assert.That(await DaysOfDeletedAsync(), Is.EqualTo(28));
        Assert.That(await DifferencesAsync(), Is.All.Null);
    }

    /// <summary>Decisions rest on the last ones.</summary>
    [Test]
    public async Task The_account_s_spend_that_Meta_does_not_tell_of_all_days_is_asked_for_once_more_of_the_last_ones()
    {
        await UndeleteAsync();
        var (since, recent, until) = (_fiveDaysAgo.AddDays(-35), _fiveDaysAgo.AddDays(-23), _fiveDaysAgo.AddDays(4));
        _world.Graph.Faults.Always(call => call["level"] == "account" && call["time_range"] == Range(since, until), GraphFaults.Refused(200));

        var sync = await _world.SyncAsync(_account, days: 40);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(AsksForAccount(), Is.EqualTo([Range(since, until), Range(recent, until)]));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith($"the account's own spend on 12 of the days from {since:yyyy-MM-dd} to {recent.AddDays(-1):yyyy-MM-dd}: ").And.Contain("code 200"));
        Assert.That(_world.Graph.Calls.Where(IsForDeleted).Select(call => call["time_range"]), Is.Not.Empty.And.All.EqualTo(Range(since, recent.AddDays(-1))));
        Assert.That(await _world.ListAsync<DateOnly>("SELECT date_start FROM insight_days WHERE social_account_id = @Id AND difference IS NULL ORDER BY 1", new { _account.Id }), Is.EqualTo(Enumerable.Range(0, 12).Select(since.AddDays)));
        Assert.That((await DifferencesAsync()).OfType<decimal>().ToList(), Has.Count.EqualTo(28).And.All.EqualTo(0m));
    }

    [Test]
    public async Task A_day_of_the_account_without_its_spend_is_not_one_without_any()
    {
        await UndeleteAsync();
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Changes(Without));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.LeftOut, Is.EqualTo([$"the account's own spend on 1 of the days from {_fiveDaysAgo:yyyy-MM-dd} to {_fiveDaysAgo:yyyy-MM-dd}: Meta's rows lack it"]));
        Assert.That(_world.Graph.Calls.Where(IsForDeleted).Select(call => call["time_range"]), Is.Not.Empty.And.All.EqualTo($$"""{"since":"{{_fiveDaysAgo:yyyy-MM-dd}}","until":"{{_fiveDaysAgo:yyyy-MM-dd}}"}"""));
        Assert.That(await _world.ListAsync<DateOnly>("SELECT date_start FROM insight_days WHERE social_account_id = @Id AND difference IS NULL", new { _account.Id }), Is.EqualTo([_fiveDaysAgo]));

        string Without(string page)
        {
            var changed = JsonNode.Parse(page)!;
            foreach (var row in changed["data"]!.AsArray().Where(row => (string?)row!["date_start"] == $"{_fiveDaysAgo:yyyy-MM-dd}")) row!.AsObject().Remove("spend");
            return changed.ToJsonString();
        }
    }

    [Test]
    public async Task Only_the_days_that_differ_are_asked_for_and_what_still_differs_is_kept()
    {
        _world.Graph.Faults.Add(call => call["level"] == "account", GraphFaults.Changes(body => body.Replace("\"spend\":\"", "\"spend\":\"1", StringComparison.Ordinal)));

        var sync = await _world.SyncAsync(_account, days: 1, untilDaysAgo: 5);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(AsksForDeleted(), Is.EqualTo(1));
        Assert.That(await DifferencesAsync(), Has.Count.EqualTo(1).And.All.GreaterThan(0m));
        Assert.That(_world.Graph.Calls.Where(IsForDeleted).Select(call => call["time_range"]), Is.All.EqualTo($$"""{"since":"{{_fiveDaysAgo:yyyy-MM-dd}}","until":"{{_fiveDaysAgo:yyyy-MM-dd}}"}"""));
    }

    [Test]
    public async Task Days_that_agree_are_asked_for_no_more()
    {
        await UndeleteAsync();

        await _world.SyncAsync(_account);

        Assert.That(AsksForDeleted(), Is.Zero);
    }

    [Test]
    public async Task A_Meta_that_will_not_tell_of_deleted_ads_costs_no_other_number()
    {
        _world.Graph.Faults.Always(IsForDeleted, GraphFaults.Refused(100));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith("the deleted and archived ads in report ads: "));
        Assert.That(await DifferencesAsync(), Is.All.GreaterThan(0m));
    }

    private Task DeleteAsync() => _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = @at, status = 'DELETED' WHERE id = @id", new { id = _deleted, at = _world.Time.GetUtcNow() });

    private Task UndeleteAsync() => _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = NULL, status = 'ACTIVE' WHERE id = @id", new { id = _deleted });

    private static string Range(DateOnly since, DateOnly until) => $$"""{"since":"{{since:yyyy-MM-dd}}","until":"{{until:yyyy-MM-dd}}"}""";

    private List<string?> AsksForAccount() => [.. _world.Graph.Calls.Where(call => call.Edge == "insights" && call["level"] == "account").Select(call => call["time_range"])];

    private int AsksForDeleted() => _world.Graph.Calls.Count(call => IsForDeleted(call) && (call.Method == "POST" || call["after"] is null));

    private static bool IsForDeleted(RecordedCall call) => call.Edge == "insights" && call["filtering"]?.Contains("DELETED", StringComparison.Ordinal) == true;

    private Task<long> DaysOfDeletedAsync() => _world.Database.DataSource.RowsAsync($"meta_ad_insights WHERE social_account_id = '{_account.Id}' AND ad_meta_id = '{_deleted}'");

    private Task<IReadOnlyList<decimal?>> DifferencesAsync() => _world.ListAsync<decimal?>("SELECT difference FROM insight_days WHERE social_account_id = @Id", new { _account.Id });
}
