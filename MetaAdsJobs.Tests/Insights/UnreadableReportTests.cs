using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>A report that is complete and cannot be read, for its pages lead nowhere or are not shown: waited for, asked for anew, or an error.</summary>
[TestFixture]
public sealed class UnreadableReportTests
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
        _account = await _world.AddAccountAsync(campaigns: 4, adsOfEach: 5);
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task A_report_whose_pages_go_round_in_a_circle_is_asked_for_again_even_if_each_run_reads_one_page_of_it()
    {
        var (day, run, read) = (AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-2), (string?)null, 0);
        _world.Graph.Faults.Add(call => IsPage(call) && (run ??= call.Path) == call.Path, GraphFaults.Lists(after =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(30)); // The run's turn is over with each page.
            var next = after switch { "a" => "b", "b" => "c", _ => "a" };
            return read++ > 50
                ? """{"data":[]}"""
                : $$$"""{"data":[{"ad_id":"{{{read}}}","adset_id":"1","campaign_id":"1","date_start":"{{{day:yyyy-MM-dd}}}"}],"paging":{"cursors":{"after":"{{{next}}}"},"next":"https://x"}}""";
        }), times: 1000);

        var sync = await _world.SyncAsync(_account);

        Assert.That(read, Is.InRange(4, 9));
        Assert.That((sync.State, sync.RowsRead, Submissions()), Is.EqualTo(("succeeded", 560L, 2)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_report_that_never_ends_is_an_error_and_no_report()
    {
        await _world.SyncAsync(_account);
        var before = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        var read = 0;
        _world.Graph.Faults.Always(IsPage, GraphFaults.Lists(_ => read++ > 2000 ? """{"data":[]}""" : $$$"""{"data":[],"paging":{"cursors":{"after":"{{{read}}}"},"next":"https://x"}}"""));

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsVanished), Is.EqualTo(("failed", 0L)));
        Assert.That(sync.Error, Does.Contain("goes on with empty pages"));
        Assert.That(await InsightTruth.InTableAsync(_world.Database.DataSource, _account), Is.EqualTo(before));
    }

    [Test]
    public async Task A_completed_report_that_cannot_be_seen_yet_is_waited_for()
    {
        _world.Graph.Faults.Add(IsPage, GraphFaults.Refused(2601, 1815107), times: 4);

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead, Submissions()), Is.EqualTo(("succeeded", 560L, 1)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_completed_report_that_can_never_be_seen_is_asked_for_again_after_minutes()
    {
        string? run = null;
        _world.Graph.Faults.Always(call => IsPage(call) && (run ??= call.Path) == call.Path, GraphFaults.Refused(2601, 1815107));
        var began = _world.Time.GetUtcNow();

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead, Submissions()), Is.EqualTo(("succeeded", 560L, 2)));
        Assert.That(_world.Time.GetUtcNow() - began, Is.InRange(TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(6)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    private int Submissions() => _world.Graph.Calls.Count(call => call.Method == "POST" && call.Edge == "insights");

    private static bool IsPage(RecordedCall call) => call.Method == "GET" && call.Edge == "insights" && call.Path.Contains("META_REPORT_", StringComparison.Ordinal);
}
