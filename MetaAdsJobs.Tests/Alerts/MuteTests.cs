using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Reading;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>An alert of a rule of several accounts, which somebody has muted who does not see all of them.</summary>
[TestFixture]
public sealed class MuteTests
{
    private AlertWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await AlertWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM webhooks; DELETE FROM event_deliveries; DELETE FROM events");

    /// <summary>As the built-in rules are: whoever may change one account mutes what is of it alone.</summary>
    [Test]
    public async Task A_mute_is_of_the_accounts_that_it_was_given_for_and_whoever_hears_of_it_later_hears_that_it_is_opened()
    {
        var (mine, other) = (await _world.SpendingAsync(("mine", 60)), await _world.SpendingAsync(("theirs", 1)));
        var (all, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (muted, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{mine}}"]}""");
        var (late, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/3","account_ids":["{{other}}"],"event_types":["alert.opened"]}""");
        var rule = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"account_ids":["{{mine}}","{{other}}"]}""");
        await _world.EvaluateAsync(rule);
        var alert = (await _world.QueryAsync<Guid>("SELECT id FROM alert_episodes WHERE rule_id = @Id", new { rule.Id })).Single();
        using (AccountScope.Enter(null, new HashSet<Guid> { mine })) Assert.That(await _world.Get<ChangeAlert>().MuteAsync(alert, "ann", CancellationToken.None), Is.True);

        await _world.SpendAsync(other, "theirs", 70);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);
        Assert.That(((await _world.ToldAsync(all)).Count, (await _world.ToldAsync(muted)).Count, (await _world.ToldAsync(late)).Count), Is.EqualTo((2, 1, 1)));

        Assert.That(await _world.Get<ChangeAlert>().MuteAsync(alert, "bob", CancellationToken.None), Is.True);
        await _world.SpendAsync(mine, "mine", 1);
        await _world.SpendAsync(other, "theirs", 1);
        await _world.EvaluateAsync(rule);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.ToldAsync(all), Has.Count.EqualTo(2), "muted for both, it ends in silence");
    }

    /// <summary>Also of what was in it already.</summary>
    [Test]
    public async Task Who_sees_one_account_mutes_none_of_another_that_is_in_the_same_alert()
    {
        var (mine, other) = (await _world.SpendingAsync(("mine", 60)), await _world.SpendingAsync(("theirs", 70), ("more", 1)));
        var (all, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (hers, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{mine}}"]}""");
        var (theirs, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/3","account_ids":["{{other}}"]}""");
        var rule = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"account_ids":["{{mine}}","{{other}}"]}""");
        await _world.EvaluateAsync(rule);
        var alert = (await _world.QueryAsync<Guid>("SELECT id FROM alert_episodes WHERE rule_id = @Id", new { rule.Id })).Single();
        using (AccountScope.Enter(null, new HashSet<Guid> { mine })) Assert.That(await _world.Get<ChangeAlert>().MuteAsync(alert, "ann", CancellationToken.None), Is.True);

        await _world.SpendAsync(other, "more", 80);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);
        foreach (var (account, campaign) in ((Guid, string)[])[(mine, "mine"), (other, "theirs"), (other, "more")]) await _world.SpendAsync(account, campaign, 1);
        await _world.EvaluateAsync(rule);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);

        string Told(IEnumerable<JsonNode> events) => string.Join(' ', events.Select(one => $"{one["status"]} {one["members"]!.AsArray().Count}"));
        Assert.That((Told(await _world.ToldAsync(all)), Told(await _world.ToldAsync(hers)), Told(await _world.ToldAsync(theirs))), Is.EqualTo(("open 2 open 3 resolved 3", "open 1", "open 1 open 2 resolved 2")));
    }
}
