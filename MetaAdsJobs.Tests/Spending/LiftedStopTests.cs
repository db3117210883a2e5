using Dapper;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>What a stop leaves behind when it is lifted, above all one whose process died: told once, and nothing of another stop's.</summary>
[TestFixture]
public sealed class LiftedStopTests
{
    private AccountWorld _world = null!;
    private Guid _requestId;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await AccountWorld.StartAsync();
        _requestId = await _world.AcceptAsync();
        await _world.ExecuteAsync("UPDATE orchestrations SET status = 'succeeded'");
    }

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_it_had_noted_and_not_told_of_is_told_once(bool reactivate)
    {
        await ActivationAsync("active", paused: ["7", "8"], untold: ["7"]);
        await StoppedAsync(_world.AccountId);

        await _world.Core.Get<StopSwitch>().StartAsync(_world.AccountId, "ann", reactivate, CancellationToken.None);
        await LiftAgainAsync(reactivate);

        Assert.That(await ListAsync<string>("SELECT concat(asked_by, ' ', path, ' ', sent ->> 'status', ' ', outcome) FROM meta_changes"), Is.EqualTo(["bob 7 PAUSED outcome_unknown"]));
        Assert.That(await ListAsync<string>("SELECT array_to_string(paused_ids, ' ') FROM activations"), Is.EqualTo([reactivate ? "7 8" : ""]));
    }

    [Test]
    public async Task What_another_stop_holds_paused_stays_with_that_stop()
    {
        await ActivationAsync("paused", paused: ["7"], untold: []);
        await StoppedAsync(_world.AccountId);
        await StoppedAsync(null);

        await _world.Core.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);

        Assert.That(await ListAsync<string>("SELECT concat(state, ' ', array_to_string(paused_ids, ' ')) FROM activations"), Is.EqualTo(["paused 7"]));
    }

    /// <summary>Whichever start was last decides, whenever the job of an earlier one comes.</summary>
    [TestCase("paused")]
    [TestCase("activating")]
    public async Task What_a_later_start_is_to_activate_an_earlier_one_that_was_to_leave_it_does_not_take_away(string state)
    {
        await ActivationAsync(state, paused: ["7"], untold: []);
        await StoppedAsync(_world.AccountId, lifted: true);

        await LiftAgainAsync(reactivate: false, ago: TimeSpan.FromHours(1));

        Assert.That(await ListAsync<string>("SELECT concat(state, ' ', array_to_string(paused_ids, ' ')) FROM activations"), Is.EqualTo([$"{state} 7"]));
    }

    [Test]
    public async Task What_a_later_start_was_to_leave_an_earlier_one_does_not_activate()
    {
        await ActivationAsync("paused", paused: ["7"], untold: []);
        var (store, spenders) = (_world.Core.Get<StopStore>(), _world.Core.Get<Spenders>());
        var stop = (await store.FindAsync(await StoppedAsync(_world.AccountId, lifted: true), CancellationToken.None))!;
        Assert.That(await spenders.ListPausedAsync(stop, null, CancellationToken.None), Has.Count.EqualTo(1));

        // Paused by one who has not heard yet that the other stop is lifted.
        await _world.ExecuteAsync("UPDATE stops SET reactivate = false WHERE id = @other; UPDATE stops SET lifted_at = lifted_at - interval '1 hour' WHERE id = @Id", new { other = await StoppedAsync(null, lifted: true), stop.Id });
        stop = (await store.FindAsync(stop.Id, CancellationToken.None))!;
        Assert.That(await spenders.ListPausedAsync(stop, null, CancellationToken.None), Is.Empty);
    }

    [Test]
    public async Task A_pause_of_what_another_stop_has_noted_is_noted_again()
    {
        await ActivationAsync("active", paused: ["7"], untold: []);
        var stopId = await StoppedAsync(_world.AccountId);
        var stop = await _world.Core.Get<StopStore>().FindAsync(stopId, CancellationToken.None);
        var spender = (await _world.Core.Get<Spenders>().ListSpendingAsync(stop!, null, CancellationToken.None)).Single();

        await _world.Core.Get<StopStore>().NoteAsync(spender, "7", CancellationToken.None);

        Assert.That(await ListAsync<string>("SELECT concat(array_to_string(paused_ids, ' '), '/', array_to_string(untold_ids, ' ')) FROM activations"), Is.EqualTo(["7/7"]));
        await _world.Core.Get<StopStore>().AuditAsync(spender, "bob", CancellationToken.None);
        Assert.That(await ListAsync<string>("SELECT array_to_string(untold_ids, ' ') FROM activations"), Is.EqualTo([""]), "told by now");
    }

    [Test]
    public async Task What_was_edited_since_it_was_listed_is_noted_at_the_second_look()
    {
        await ActivationAsync("active", paused: ["7"], untold: []);
        var store = _world.Core.Get<StopStore>();
        var stop = await store.FindAsync(await StoppedAsync(_world.AccountId), CancellationToken.None);
        var spender = (await _world.Core.Get<Spenders>().ListSpendingAsync(stop!, null, CancellationToken.None)).Single();
        await _world.ExecuteAsync("UPDATE activations SET changed_at = changed_at + interval '1 second', paused_ids = '{}'");

        Assert.That(await store.NoteAsync(spender, "7", CancellationToken.None), Is.False, "perhaps a person has paused it");
        Assert.That(spender.PausedIds, Is.Empty);
        Assert.That(await store.NoteAsync(spender, "7", CancellationToken.None), Is.True);

        Assert.That(await ListAsync<string>("SELECT concat(array_to_string(paused_ids, ' '), '/', array_to_string(untold_ids, ' ')) FROM activations"), Is.EqualTo(["7/7"]));
        Assert.That(await store.PausedAsync(spender, "bob", CancellationToken.None), Is.False, "what the edit did is looked at again");
    }

    [Test]
    public async Task What_one_that_died_has_noted_stays_noted_when_another_worker_is_done()
    {
        await ActivationAsync("active", paused: [], untold: []);
        var store = _world.Core.Get<StopStore>();
        var stop = await store.FindAsync(await StoppedAsync(_world.AccountId), CancellationToken.None);
        var sleeps = (await _world.Core.Get<Spenders>().ListSpendingAsync(stop!, null, CancellationToken.None)).Single();
        var dies = (await _world.Core.Get<Spenders>().ListSpendingAsync(stop!, null, CancellationToken.None)).Single();
        await store.NoteAsync(sleeps, "7", CancellationToken.None);
        foreach (var metaId in (string[])["7", "8"]) await store.NoteAsync(dies, metaId, CancellationToken.None);

        Assert.That(await store.PausedAsync(sleeps, "bob", CancellationToken.None), Is.True);

        Assert.That(await ListAsync<string>("SELECT concat(state, ' ', array_to_string(paused_ids, ' '), '/', array_to_string(untold_ids, ' ')) FROM activations"), Is.EqualTo(["paused 7 8/8"]));
        await _world.Core.Get<StopSwitch>().StartAsync(_world.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await ListAsync<string>("SELECT concat(path, ' ', outcome) FROM meta_changes"), Is.EqualTo(["8 outcome_unknown"]));
    }

    [TestCase("active", "7", TestName = "{m}(paused after the lifting)")]
    [TestCase("activating", null, TestName = "{m}(about to activate it again)")]
    public async Task What_one_that_died_has_left_is_found_by_the_sweep(string state, string? untold)
    {
        await ActivationAsync(state, paused: ["7"], untold: untold is null ? [] : [untold]);
        var (older, last) = (await StoppedAsync(_world.AccountId, lifted: true), await StoppedAsync(null, lifted: true));
        await _world.ExecuteAsync("UPDATE stops SET lifted_at = lifted_at - interval '1 hour' WHERE id = @older", new { older });

        await _world.Core.Get<Sweep>().RescueBrakesAsync(CancellationToken.None);

        Assert.That(await ListAsync<Guid>("SELECT id FROM stops WHERE job_id IS NOT NULL"), Is.EqualTo([last]));
        Assert.That(await _world.Core.Get<ResumeSpending>().ExecuteAsync(last, CancellationToken.None), Is.InstanceOf<JobOutcome>());
        Assert.That(await ListAsync<string>("SELECT path FROM meta_changes WHERE sent ->> 'status' = 'PAUSED' AND outcome = 'outcome_unknown'"), Is.EqualTo(untold is null ? Array.Empty<string>() : [untold]));
    }

    /// <summary>Its process may be dead, and the call yet be carried out: after what would be activated now.</summary>
    [Test]
    public async Task A_start_waits_for_a_pause_that_may_still_be_carried_out()
    {
        await ActivationAsync("paused", paused: ["7"], untold: []);
        var (activations, account) = (_world.Core.Get<Activations>(), await _world.AccountAsync());
        await _world.ExecuteAsync("UPDATE activations SET pausing = ARRAY[gen_random_uuid()], pausing_until = clock_timestamp() + interval '5 minutes'");

        foreach (var refused in (Permit[])[await PermitAsync(PermitHolder.LiftedStop), await activations.MarkBusyAsync(_requestId, account.Id, 1000, PermitHolder.LiftedStop, CancellationToken.None)])
            Assert.That((refused.Refusal, refused.AskAgainAt is not null), Is.EqualTo(("a stop that was lifted may still be pausing it", true)));
        Assert.That(await ListAsync<string>("SELECT concat(state, ' ', busy_until) FROM activations"), Is.EqualTo(["paused "]), "nothing of it was noted");
        Assert.That((await PermitAsync(PermitHolder.LiftedStop with { IsRaise = true })).Refusal, Is.Null, "a budget is no activation");

        await _world.ExecuteAsync("UPDATE activations SET state = 'paused', busy_until = NULL, pausing_until = clock_timestamp() - interval '2 seconds'");
        Assert.That((await PermitAsync(PermitHolder.LiftedStop)).Refusal, Is.Null);

        Task<Permit> PermitAsync(PermitHolder holder) => activations.PermitAsync(_requestId, account, 1000, endsAt: null, holder, CancellationToken.None);
    }

    /// <summary>As if an hour had passed since the first of them had its permit, which it uses no more.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task One_that_wakes_long_after_its_permit_ends_nothing_that_another_is_at(bool isRefused)
    {
        await ActivationAsync("paused", paused: ["7"], untold: []);
        var store = _world.Core.Get<StopStore>();
        var stop = (await store.FindAsync(await StoppedAsync(_world.AccountId, lifted: true), CancellationToken.None))!;
        var sleeps = await PermittedAsync(stop);
        await _world.ExecuteAsync("UPDATE activations SET busy_until = busy_until - interval '1 hour'");
        sleeps.PermittedUntil -= TimeSpan.FromHours(1);
        await PermittedAsync(stop);

        Assert.That(await (isRefused ? store.LeftPausedAsync(sleeps, "ann", CancellationToken.None) : store.ActivatedAsync(sleeps, "ann", CancellationToken.None)), Is.False);

        Assert.That(await ListAsync<string>("SELECT concat(state, ' ', array_to_string(paused_ids, ' '), ' ', busy_until > clock_timestamp() + interval '3 minutes') FROM activations"), Is.EqualTo(["activating 7 t"]));

        async Task<Spender> PermittedAsync(Stop lifted)
        {
            var spender = (await _world.Core.Get<Spenders>().ListPausedAsync(lifted, null, CancellationToken.None)).Single();
            spender.Permitted(await _world.Core.Get<Activations>().PermitAsync(_requestId, spender.Account, 1000, endsAt: null, PermitHolder.LiftedStop, CancellationToken.None));
            return spender;
        }
    }

    private async Task LiftAgainAsync(bool reactivate, TimeSpan ago = default)
    {
        var stop = new Stop { Id = Guid.NewGuid(), SocialAccountId = _world.AccountId, StoppedBy = "bob", LiftedBy = "ann", LiftedAt = _world.Core.Get<TimeProvider>().GetUtcNow() - ago, Reactivate = reactivate };
        await _world.Core.Get<StopStore>().LiftAsync(stop, CancellationToken.None);
    }

    private Task ActivationAsync(string state, string[] paused, string[] untold) => _world.ExecuteAsync("""
        INSERT INTO activations (request_id, social_account_id, state, paused_ids, untold_ids, daily_cents, changed_at)
        VALUES (@RequestId, @AccountId, @State, @Paused, @Untold, 1000, now())
        """, new { RequestId = _requestId, _world.AccountId, State = state, Paused = paused, Untold = untold });

    private async Task<Guid> StoppedAsync(Guid? accountId, bool lifted = false)
    {
        var id = Guid.NewGuid();
        await _world.ExecuteAsync("INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, lifted_at, lifted_by) VALUES (@Id, @AccountId, now() - interval '1 hour', 'bob', CASE WHEN @Lifted THEN now() - interval '5 minutes' END, 'ann')", new { Id = id, AccountId = accountId, Lifted = lifted });
        return id;
    }

    private async Task<List<T>> ListAsync<T>(string sql)
    {
        await using var connection = await _world.Core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql)).AsList();
    }
}
