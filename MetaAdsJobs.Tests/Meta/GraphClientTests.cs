using System.Text;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

/// <summary>The client over real HTTP, with everything that goes wrong on the way.</summary>
[TestFixture]
public sealed class GraphClientTests
{
    private TestDatabase _database = null!;
    private GraphServer _graph = null!;
    private LiveMeta _meta = null!;
    private GraphCredential _account = null!;
    private static int _accounts = 1_000_000;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _graph = await GraphServer.StartAsync(_database.DataSource);
        _meta = LiveMeta.Against(_graph, ("CallTimeoutSeconds", "10"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _meta.DisposeAsync();
        await _graph.DisposeAsync();
        await _database.DisposeAsync();
    }

    [SetUp]
    public void Forget()
    {
        _graph.Faults.Clear();
        _graph.ForgetCalls();
        // What Meta told of one account's limits is remembered.
        _account = new($"act_{Interlocked.Increment(ref _accounts)}", LiveMeta.Token);
    }

    private static readonly GraphFault Huge = Body(200, $$"""{"id":"{{new string('1', 20 * 1024 * 1024)}}"}""");

    private static IEnumerable<TestCaseData> LostCreates()
    {
        yield return Case(GraphFaults.DropBeforeActing, Proof.OutcomeUnknown, "the connection breaks before");
        yield return Case(GraphFaults.DropAfterActing, Proof.OutcomeUnknown, "the connection breaks after");
        yield return Case(GraphFaults.DropMidBody, Proof.OutcomeUnknown, "the connection breaks in the body");
        yield return Case(GraphFaults.FailBeforeActing, Proof.OutcomeUnknown, "500 before");
        yield return Case(GraphFaults.FailAfterActing, Proof.OutcomeUnknown, "500 after");
        yield return Case(GraphFaults.OkWithError, Proof.OutcomeUnknown, "200 with an error");
        yield return Case(GraphFaults.HtmlAfterActing, Proof.OutcomeUnknown, "a proxy's page");
        yield return Case(GraphFaults.TruncatedJson, Proof.OutcomeUnknown, "half a JSON");
        yield return Case(GraphFaults.WithoutId, Proof.OutcomeUnknown, "no id");
        yield return Case(GraphFaults.SlowAfterActing(TimeSpan.FromSeconds(13)), Proof.OutcomeUnknown, "no answer in time");
        yield return Case(Huge, Proof.OutcomeUnknown, "20 MB");
        yield return Case(Body(200, ""), Proof.OutcomeUnknown, "nothing");
        yield return Case(Body(200, "Service Unavailable"), Proof.OutcomeUnknown, "200 and a sentence");
        yield return Case(Body(200, "[]"), Proof.OutcomeUnknown, "a list");
        yield return Case(Body(200, "null"), Proof.OutcomeUnknown, "null");
        yield return Case(Body(200, """{"id":""}"""), Proof.OutcomeUnknown, "an empty id");
        yield return Case(Body(200, """{"id":null}"""), Proof.OutcomeUnknown, "a null id");
        yield return Case(Body(200, """{"error":"unavailable","id":"1"}"""), Proof.OutcomeUnknown, "an error that is a text");
        yield return Case(Body(400, """{"error":{"message":"Bad request"}}"""), Proof.OutcomeUnknown, "an error without a code");
        yield return Case(Body(302, ""), Proof.OutcomeUnknown, "a redirect");
        yield return Case(Body(502, "{}"), Proof.OutcomeUnknown, "502");
        yield return Case(Body(429, "slow down"), Proof.Throttled, "429");
        yield return Case(GraphFaults.Throttled(), Proof.Throttled, "throttled");
        yield return Case(GraphFaults.Refused(100, 1885272), Proof.Rejected, "refused");
        yield return Case(GraphFaults.Refused(190, 463, status: 401), Proof.TokenRejected, "token refused");

        static TestCaseData Case(GraphFault fault, Proof expected, string name) => new TestCaseData(fault, expected).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(LostCreates))]
    public async Task A_create_is_sent_once_and_its_failure_says_what_it_proves(GraphFault fault, Proof expected)
    {
        // A connection in use already: where a client is most tempted to repeat by itself.
        await CreateAsync();
        _graph.ForgetCalls();
        _graph.Faults.Always(call => call.IsCreate, fault);

        var exception = await Assert.ThrowsAsync<MetaException>(CreateAsync);

        Assert.That(exception!.Proof, Is.EqualTo(expected), exception.Message);
        Assert.That(exception.ToString(), Does.Not.Contain(LiveMeta.Token));
        if (fault == Huge) Assert.That(exception.Message, Does.Contain("larger than 16 MB"));
        Assert.That(_graph.Calls, Has.Count.EqualTo(1));
    }

    [TestCase("""{"id":"120210000000000012345"}""")]
    [TestCase("""{"id":120210000000000012345}""")]
    public async Task An_id_that_no_number_of_a_script_could_hold_is_kept_to_its_last_digit(string answer)
    {
        _graph.Faults.Add(call => call.IsCreate, Body(200, answer));
        _graph.Faults.Add(call => call.Method == "GET", Body(200, $$"""{"data":[{{answer[..^1]}},"name":"Ours [maj]"},{"id":7,"name":8}]}"""));

        Assert.That(await CreateAsync(), Is.EqualTo("120210000000000012345"));
        Assert.That(await _meta.Ads.FindAsync(_account, AdObject.Campaign, parentId: null, "maj", CancellationToken.None), Is.EqualTo((string[])["120210000000000012345"]));
    }

    [Test]
    public async Task A_graph_that_is_not_there_was_sent_nothing()
    {
        await using var meta = LiveMeta.Against($"http://127.0.0.1:{Launcher.FreePort()}");

        var exception = await Assert.ThrowsAsync<MetaException>(() => meta.Ads.CreateCampaignAsync(LiveMeta.Credential, new("Name", "OUTCOME_SALES"), CancellationToken.None));

        Assert.That(exception!.Proof, Is.EqualTo(Proof.NotSent));
    }

    [Test]
    public async Task Throttling_tells_how_long_to_stay_away()
    {
        _graph.Faults.Add(call => call.IsCreate, GraphFaults.Throttled(minutesToWait: 7));

        var exception = await Assert.ThrowsAsync<MetaException>(CreateAsync);

        Assert.That(exception!.RetryAfter, Is.EqualTo(TimeSpan.FromMinutes(7)).Within(TimeSpan.FromSeconds(2)));
    }

    [Test]
    public async Task A_read_is_repeated_until_it_succeeds()
    {
        _graph.Faults.Add(_ => true, GraphFaults.FailBeforeActing);
        _graph.Faults.Add(_ => true, GraphFaults.HtmlAfterActing);
        _graph.Faults.Add(_ => true, GraphFaults.DropMidBody);

        await _meta.Ads.ReadAccountAsync(_account, CancellationToken.None);

        Assert.That(_graph.Calls, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task A_read_that_keeps_failing_is_given_up()
    {
        _graph.Faults.Always(_ => true, GraphFaults.FailBeforeActing);

        var exception = await Assert.ThrowsAsync<MetaException>(ReadAsync);

        Assert.That((exception!.Proof, _graph.Calls.Count), Is.EqualTo((Proof.OutcomeUnknown, 4)));
    }

    [Test]
    public async Task A_read_that_is_throttled_or_refused_is_not_repeated()
    {
        foreach (var (fault, proof) in new[] { (GraphFaults.Throttled(), Proof.Throttled), (GraphFaults.Refused(100), Proof.Rejected), (GraphFaults.Refused(190), Proof.TokenRejected) })
        {
            Forget();
            _graph.Faults.Always(_ => true, fault);

            var exception = await Assert.ThrowsAsync<MetaException>(ReadAsync);

            Assert.That((exception!.Proof, _graph.Calls.Count), Is.EqualTo((proof, 1)));
        }
    }

    [TestCase("""{"success":false}""")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"id":"1"}""")]
    public async Task An_update_of_which_Meta_does_not_say_that_it_is_made_is_not_taken_for_done(string answer)
    {
        _graph.Faults.Always(_ => true, Body(200, answer));

        Assert.That((await Assert.ThrowsAsync<MetaException>(() => _meta.Ads.ActivateAsync(_account, "1", CancellationToken.None)))!.Proof, Is.EqualTo(Proof.OutcomeUnknown));
        Assert.That((await Assert.ThrowsAsync<MetaException>(() => _meta.Ads.DeleteAsync(_account, "1", CancellationToken.None)))!.Proof, Is.EqualTo(Proof.OutcomeUnknown));
    }

    [Test]
    public async Task An_object_that_is_shown_as_deleted_counts_as_deleted_and_one_that_is_only_called_missing_does_not()
    {
        var id = await CreateAsync();

        await _meta.Ads.DeleteAsync(_account, id, CancellationToken.None);
        await _meta.Ads.DeleteAsync(_account, id, CancellationToken.None);

        await Assert.ThatAsync(() => _meta.Ads.DeleteAsync(_account, "META_CAMPAIGN_neverwas", CancellationToken.None),
            Throws.InstanceOf<MetaException>().With.Property(nameof(MetaException.IsCalledMissing)).True.And.Property(nameof(MetaException.Proof)).EqualTo(Proof.OutcomeUnknown));
        Assert.That(await _meta.Ads.FindAsync(_account, AdObject.Campaign, null, id, CancellationToken.None), Is.Empty);
    }

    [Test]
    public async Task A_deletion_that_Meta_refuses_is_done_where_it_shows_the_object_as_deleted_and_nowhere_else()
    {
        var (gone, there) = (await CreateAsync(), await CreateAsync());
        await _meta.Ads.DeleteAsync(_account, gone, CancellationToken.None);
        _graph.Faults.Always(call => call.Method == "DELETE", GraphFaults.Refused(100, 1487564));

        await _meta.Ads.DeleteAsync(_account, gone, CancellationToken.None);

        await Assert.ThatAsync(() => _meta.Ads.DeleteAsync(_account, there, CancellationToken.None), Throws.InstanceOf<MetaException>().With.Property(nameof(MetaException.Proof)).EqualTo(Proof.Rejected));
    }

    [Test]
    public async Task Whoever_cancels_gets_a_cancellation_and_no_verdict()
    {
        using var cancelled = new CancellationTokenSource();
        _graph.Faults.Add(_ => true, async (_, _, act) =>
        {
            await cancelled.CancelAsync();
            return await act();
        });

        await Assert.ThatAsync(
            () => _meta.Ads.CreateCampaignAsync(_account, new("Name", "OUTCOME_SALES"), cancelled.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private Task<string> CreateAsync() => _meta.Ads.CreateCampaignAsync(_account, new("Name", "OUTCOME_SALES"), CancellationToken.None);

    private Task<AccountFacts> ReadAsync() => _meta.Ads.ReadAccountAsync(_account, CancellationToken.None);

    private static GraphFault Body(int status, string body) => (_, _, _) => Task.FromResult<StubAnswer?>(new StubAnswer(status, Encoding.UTF8.GetBytes(body)));
}
