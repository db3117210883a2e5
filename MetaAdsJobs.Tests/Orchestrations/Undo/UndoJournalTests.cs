using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Orchestrations.Undo;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Orchestrations.Undo;

[TestFixture]
public sealed class UndoJournalTests
{
    /// <param name="isUnderWay">The connection breaks while PostgreSQL is still at it: the undo begins before it is committed.</param>
    [Test]
    public async Task An_undo_after_a_confirm_whose_answer_was_lost_goes_by_the_journal_and_a_retry_uses_nothing_of_what_it_deleted([Values] bool isUnderWay)
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var connection = new NpgsqlConnectionStringBuilder(world.Database.ConnectionString);
        using var proxy = new DatabaseProxy(connection.Port) { LosesAnswerTo = "confirmed AS (", BreaksAfter = isUnderWay ? UnderWayAsync : null };
        connection.Port = proxy.Port;
        await using var cutOff = InProcess.Configure(connection.ConnectionString, world.Time,
            ("META_ADS_MODE", "live"), ("META_GRAPH_URL", world.Graph.BaseUrl), ("DATA_PROTECTION_KEY", OtherProcess.Key), ("MAX_RETRIES", "0"));
        var asked = await world.AcceptAsync();
        if (isUnderWay)
        {
            await world.ExecuteAsync("""
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE UPDATE ON orchestration_steps FOR EACH ROW WHEN (NEW.state = 'confirmed' AND NEW.step = 'campaign') EXECUTE FUNCTION slow();
                """);
        }

        await cutOff.GetRequiredService<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);
        Assert.That(proxy.LosesAnswerTo, Is.Null, "no answer was lost");
        var undone = await world.RunAsync(asked);

        Assert.That(undone.Result.Status, Is.EqualTo("failed"));
        Assert.That(undone.Result.Steps.Select(step => step.State), Has.None.EqualTo("started"), "what the lost commit had started is settled, too");
        Assert.That(world.Graph.Calls.Where(call => call.Method == "GET" && call.Edge == "campaigns"), Is.Empty, "its id was in the journal");
        Assert.That(world.Graph.Calls.Count(call => call.Method == "DELETE"), Is.EqualTo(1));
        Assert.That(await world.AtMetaAsync(asked), Is.Empty);

        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "a person", CancellationToken.None), Is.InstanceOf<Change.Done>());
        var retried = await world.RunAsync(asked);

        Assert.That((retried.Result.Status, await world.AtMetaAsync(asked)), Is.EqualTo(("succeeded", "ad adset campaign creative")), string.Join("; ", retried.Result.Errors));
        Assert.That(world.Creates(asked, "campaigns").Select(call => call["name"]).ToList(), Has.Count.EqualTo(2).And.Unique, "the marker of what was deleted was used again");

        // Before that the undo would come first, and what comes late is refused.
        Task UnderWayAsync() => Eventually.TrueAsync(async () => (await world.QueryAsync<bool>(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep') OR EXISTS (SELECT 1 FROM orchestration_steps WHERE state = 'confirmed')")).Single(), () => "the confirm has not begun");
    }

    [Test]
    public async Task A_confirm_that_arrives_when_the_undo_has_begun_is_refused_and_starts_nothing()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        var attempt = (await world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!;
        await using var lease = attempt.Lease;
        foreach (var begun in attempt.Begun.Values) begun.Sends();
        await world.Get<UndoJournal>().BeginAsync(attempt, "failed", ["it failed"], CancellationToken.None);

        await Assert.ThatAsync(
            () => world.Get<StepJournal>().AdvanceAsync(attempt, [new(StepName.Campaign, "7"), new(StepName.Media, null)], [StepName.AdSet, StepName.Creative], [], CancellationToken.None),
            Throws.InstanceOf<FencedException>());
        Assert.That(await world.QueryAsync<string>("SELECT step FROM orchestration_steps WHERE state <> 'started' OR step NOT IN ('campaign', 'media')"), Is.Empty);
    }

    [Test]
    public async Task A_permit_that_is_asked_for_when_the_undo_has_begun_is_refused()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var attempt = (await world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!;
        await using var lease = attempt.Lease;
        Assert.That((await world.Get<Activations>().PermitAsync(asked.RequestId, attempt.Account, 1000, null, PermitHolder.Orchestration(attempt.Number), CancellationToken.None)).Refusal, Is.Null, "it holds the orchestration");
        await world.ExecuteAsync("DELETE FROM activations");
        await world.Get<UndoJournal>().BeginAsync(attempt, "failed", ["it failed"], CancellationToken.None);

        await Assert.ThatAsync(
            () => world.Get<Activations>().PermitAsync(asked.RequestId, attempt.Account, 1000, null, PermitHolder.Orchestration(attempt.Number), CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(await world.QueryAsync<string>("SELECT state FROM activations"), Is.Empty, "nothing counts against the cap");
    }
}
