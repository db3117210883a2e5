using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>Meta's report leaves deleted ads out, its sum for the account does not: a day that differs is asked about before it is stored so.</summary>
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
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = @at, status = 'DELETED' WHERE id = @id", new { id = _deleted, at = _world.Time.GetUtcNow() });
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

        // Known by now, it is all the difference: nothing is asked for again.
        _world.Graph.ForgetCalls();
        await _world.SyncAsync(_account);
        Assert.That(AsksForDeleted(), Is.Zero);
        Assert.That(await DaysOfDeletedAsync(), Is.EqualTo(28), "kept");
        Assert.That(await DifferencesAsync(), Is.All.EqualTo(0m));
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
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = NULL, status = 'ACTIVE' WHERE id = @id", new { id = _deleted });

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

    private int AsksForDeleted() => _world.Graph.Calls.Count(call => IsForDeleted(call) && (call.Method == "POST" || call["after"] is null));

    private static bool IsForDeleted(RecordedCall call) => call.Edge == "insights" && call["filtering"]?.Contains("DELETED", StringComparison.Ordinal) == true;

    private Task<long> DaysOfDeletedAsync() => _world.Database.DataSource.RowsAsync($"meta_ad_insights WHERE social_account_id = '{_account.Id}' AND ad_meta_id = '{_deleted}'");

    private Task<IReadOnlyList<decimal?>> DifferencesAsync() => _world.ListAsync<decimal?>("SELECT difference FROM insight_days WHERE social_account_id = @Id", new { _account.Id });
}
