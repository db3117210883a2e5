using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Events;

/// <summary>What ends is told in the commit that ends it, whichever statement that is, and to those who listen.</summary>
[TestFixture]
public sealed class OutboxTests
{
    private RunWorld _world = null!;
    private Guid _webhook;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync();
        _webhook = await AddWebhookAsync("""{"url":"https://receiver.example/hook"}""");
    }

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_run_that_succeeds_is_told_with_what_it_made()
    {
        var asked = await _world.AcceptAsync();
        await _world.RunAsync(asked);

        var data = await ToldAsync("orchestration.succeeded", asked.RequestId, asked.AccountId);
        Assert.That((string?)data["campaign_meta_id"], Does.StartWith("META_CAMPAIGN_"));
        Assert.That(((string?)data["campaign_name"], (string?)data["status"], (string?)data["requested_by"], (bool?)data["validate_only"]), Is.EqualTo(("Summer Sale 2025", "succeeded", "tests", false)));
    }

    [Test]
    public async Task A_run_that_fails_is_told_with_Metas_words_and_one_that_is_retried_again()
    {
        _world.Graph.Faults.Always(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, userTitle: "No", userMessage: "not this ad"));
        var asked = await _world.AcceptAsync();
        await _world.RunAsync(asked);
        var data = await ToldAsync("orchestration.failed", asked.RequestId, asked.AccountId);
        Assert.That(data["errors"]!.ToJsonString(), Does.Contain("not this ad"));

        _world.Get<RetryOrchestration>().Reopen(asked.RequestId);
        await _world.RunAsync(asked);
        Assert.That(await _world.QueryAsync<long>("SELECT count(DISTINCT id) FROM events WHERE type = 'orchestration.failed'"), Is.EqualTo([2]));
    }

    [Test]
    public async Task A_run_that_is_cancelled_is_told()
    {
        var asked = await _world.AcceptAsync();
        await _world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "ann", CancellationToken.None);
        await _world.RunAsync(asked);
        await ToldAsync("orchestration.cancelled", asked.RequestId, asked.AccountId);
    }

    [Test]
    public async Task Edits_are_told_also_those_that_another_makes_void()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.EditAsync(EditKind.Update, tree.Campaign.MetaId, """{"name":"Renamed"}""");
        var told = await ToldAsync("edit.succeeded", edit.EditId, tree.AccountId);
        Assert.That(((string?)told["kind"], (string?)told["meta_id"], (string?)told["campaign_name"], told["fields"]!.ToJsonString()), Is.EqualTo(("update", tree.Campaign.MetaId, "Renamed", "[\"name\"]")));

        var waiting = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);
        Assert.That((string?)(await ToldAsync("edit.cancelled", waiting, tree.AccountId))["error"], Does.Contain("has asked to pause"));
    }

    [Test]
    public async Task What_is_rolled_back_was_never_told()
    {
        var asked = await _world.AcceptAsync();
        await using (var connection = await _world.Database.DataSource.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await connection.ExecuteAsync("UPDATE orchestrations SET status = 'failed', completed_at = now() WHERE request_id = @RequestId", asked, transaction);
            await Outbox.TellAsync(connection, transaction, new("sync.failed", asked.AccountId, "1", DateTimeOffset.UnixEpoch, []), CancellationToken.None);
            Assert.That(await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM event_deliveries", transaction: transaction), Is.EqualTo(2), "both are in it");
            // The process dies here.
        }

        Assert.That(await _world.QueryAsync<long>("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM event_deliveries)"), Is.EqualTo([0]));
    }

    [Test]
    public async Task A_run_whose_last_commit_fails_has_told_nothing_and_tells_it_once_when_it_succeeds()
    {
        // The last statement of all, after the event: nothing of it stands unless all of it does.
        await _world.ExecuteAsync("""
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF (SELECT count(*) FROM pg_class WHERE relname = 'armed') > 0 THEN RAISE EXCEPTION 'the commit failed'; END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_once();
            CREATE TABLE armed ();
            """);
        var asked = await _world.AcceptAsync();
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None));
        Assert.That(await _world.QueryAsync<string>("SELECT status FROM orchestrations"), Is.EqualTo(["waiting"]));
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM events"), Is.EqualTo([0]));

        await _world.ExecuteAsync("DROP TABLE armed");
        await _world.RunAsync(asked);
        await ToldAsync("orchestration.succeeded", asked.RequestId, asked.AccountId);
    }

    [Test]
    public async Task Who_chose_other_types_or_other_accounts_hears_nothing_and_nobody_is_told_of_nothing()
    {
        var asked = await _world.AcceptAsync();
        var types = await AddWebhookAsync("""{"url":"https://receiver.example/1","event_types":["orchestration.failed"]}""");
        var accounts = await AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{asked.AccountId}}"]}""");
        await _world.RunAsync(asked);
        await _world.RunAsync(await _world.AcceptAsync());

        var heard = (await _world.QueryAsync<(Guid Webhook, long Count)>("SELECT webhook_id, count(*) FROM event_deliveries GROUP BY webhook_id")).ToDictionary(one => one.Webhook, one => one.Count);
        Assert.That(heard, Is.EquivalentTo(new Dictionary<Guid, long> { [_webhook] = 2, [accounts] = 1 }));
        Assert.That(heard, Does.Not.ContainKey(types));

        await _world.ExecuteAsync("DELETE FROM webhooks; DELETE FROM events");
        await _world.RunAsync(await _world.AcceptAsync());
        Assert.That(await _world.QueryAsync<long>("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM event_deliveries)"), Is.EqualTo([0]), "nobody listens");
    }

    private async Task<Guid> AddWebhookAsync(string body)
    {
        var saved = await _world.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonElement.Parse(body), "ann", CancellationToken.None);
        return ((WebhookSaved.Done)saved).Value.Id;
    }

    /// <summary>That it is told to the webhook, once; what of.</summary>
    private async Task<JsonNode> ToldAsync(string type, Guid subject, Guid accountId)
    {
        var told = await _world.QueryAsync<string>("""
            SELECT e.data::text FROM events e JOIN event_deliveries d ON d.event_id = e.id AND d.webhook_id = @Webhook AND d.type = e.type AND d.state = 'pending' AND d.next_at = e.occurred_at
            WHERE e.type = @type AND e.subject = @subject AND e.social_account_id = @accountId
            """, new { Webhook = _webhook, type, subject = subject.ToString(), accountId });
        Assert.That(told, Has.Count.EqualTo(1), type);
        return JsonNode.Parse(told[0])!;
    }
}
