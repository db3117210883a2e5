using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Budgets go out in units of the account's currency: that it is the same here and at Meta is known before the first is sent.</summary>
[TestFixture]
public sealed class AccountCurrencyTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "1"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [SetUp]
    public void Forget()
    {
        _world.Graph.Faults.Clear();
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task An_account_that_bills_in_another_currency_creates_nothing_and_is_told_what_to_do()
    {
        var asked = await _world.AcceptAsync();
        await _world.ExecuteAsync("INSERT INTO stub_graph.ad_accounts VALUES (@Id, 'In yen', 'JPY', 'America/New_York')", new { Id = asked.AdAccountId[4..] });

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors[0], Does.Contain("JPY").And.Contain("USD").And.Contain("Retire this account, add the ad account anew with the currency JPY"));
        Assert.That(_world.Graph.Calls.Where(call => call.Method != "GET"), Is.Empty, "something was sent");
        Assert.That(ran.Waits, Is.Empty, "nothing was created, so nothing has to be looked for");
    }

    [Test]
    public async Task An_account_is_asked_once_and_not_for_every_orchestration()
    {
        var asked = await _world.AcceptAsync();
        await _world.RunAsync(asked);
        await _world.RunAsync(await _world.AgainAsync(asked));
        var last = await _world.RunAsync(await _world.AgainAsync(asked));

        Assert.That(last.Result.Status, Is.EqualTo("succeeded"));
        Assert.That(Asks(asked), Has.Count.EqualTo(1));
        Assert.That(_world.Graph.Calls[0].Path, Is.EqualTo(asked.AdAccountId), "before anything else");
    }

    [Test]
    public async Task While_Meta_does_not_tell_the_currency_nothing_is_created_and_the_run_is_retried_as_such()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.Path == asked.AdAccountId, GraphFaults.DropBeforeActing, times: 4);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws, ran.Waits.Count), Is.EqualTo(("succeeded", 1, 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(_world.Creates(asked, "campaigns"), Has.Count.EqualTo(1));
        Assert.That(_world.Graph.Calls.Where(call => call.Method == "GET" && call.Edge == "campaigns"), Is.Empty, "nothing had been sent that could be looked for");
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public async Task A_run_whose_currency_Meta_never_tells_ends_and_leaves_nothing()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Always(call => call.Path == asked.AdAccountId, GraphFaults.FailBeforeActing);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("failed", "")));
        Assert.That(ran.Result.Errors[0], Does.Contain("currency"));
        Assert.That(_world.Graph.Calls.Where(call => call.IsCreate), Is.Empty);
    }

    private List<RecordedCall> Asks(Asked asked) => [.. _world.Graph.Calls.Where(call => call.Method == "GET" && call.Path == asked.AdAccountId)];
}
