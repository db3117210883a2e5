using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Accounts with so many creatives that Meta cannot list them at once: "reduce the amount of data".</summary>
[TestFixture]
public sealed class BigAccountTests
{
    private static readonly GraphFault TooMuch = (_, _, _) => Task.FromResult<StubAnswer?>(
        new StubRefusal(1, "Please reduce the amount of data you're asking for, then retry your request") { Status = 500 }.ToAnswer());

    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [SetUp]
    public void Forget()
    {
        _world.Graph.Faults.Clear();
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task A_creative_is_looked_for_in_smaller_pages_from_where_the_list_was()
    {
        var asked = await _world.AcceptAsync();
        await _world.ExecuteAsync("""
            INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT 'META_CREATIVE_' || @Account || n, 'creative', @Account, 'Older ' || n, 'ACTIVE', '{}', now() - n * interval '1 minute', now(), now() FROM generate_series(1, 60) n
            """, new { Account = asked.AdAccountId[4..] });
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.DropAfterActing);
        _world.Graph.Faults.Always(call => IsLook(call) && int.Parse(call["limit"]!, null) > (call["after"] is null ? 50 : 20), TooMuch);
        var throws = 0;

        var ran = await _world.RunAsync(asked);
        throws += ran.Throws;

        Assert.That(throws, Is.LessThanOrEqualTo(1), "the lost answer is the only thing that went wrong");
        Assert.That(ran.Result.Status, Is.EqualTo("failed"), "MAX_RETRIES is 0");
        Assert.That(_world.Graph.Calls.Where(IsLook).Select(call => (call["limit"], call["after"] is null)), Is.EqualTo(((string?, bool)[])
            [("200", true), ("100", true), ("50", true), ("50", false), ("25", false), ("12", false)]));
        Assert.That((await _world.AtMetaAsync(asked)).Split(' '), Has.Exactly(60).EqualTo("creative").And.None.EqualTo("campaign"), "ours was found and deleted");
        Assert.That(ran.Result.Errors, Has.None.Contain("left at Meta"));
    }

    [Test]
    public async Task A_creative_that_cannot_be_looked_for_keeps_nothing_else_from_being_deleted_and_is_named()
    {
        var asked = await _world.AcceptAsync("""{"campaign_name":"Autumn"}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.DropAfterActing);
        _world.Graph.Faults.Always(IsLook, TooMuch);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("creative"), "campaign and ad set are gone");
        var name = (await _world.QueryAsync<string>("SELECT name FROM stub_graph.objects WHERE account_id = @Account AND kind = 'creative'", new { Account = asked.AdAccountId[4..] })).Single();
        Assert.That(ran.Result.Errors, Has.Exactly(1).StartsWith("left at Meta").And.Exactly(1).Contains($"creative (id not known, its name is \"{name}\""));
    }

    private static bool IsLook(RecordedCall call) => call.Method == "GET" && call.Edge == "adcreatives";
}
