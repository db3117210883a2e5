using System.Text.Json.Nodes;
using System.Transactions;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Publishers;

/// <summary>Many deliveries at once, of senders that send again whatever was not answered.</summary>
[TestFixture]
public sealed class DeliveriesInTests
{
    private const int Senders = 6;

    [Test]
    public Task Of_deliveries_with_duplicates_in_any_order_late_and_over_connections_that_break_exactly_the_distinct_clips_become_runs() => SendAllAsync(count: 250, clips: 30);

    [Test, Long]
    public Task Of_1000_deliveries_exactly_the_distinct_clips_become_runs() => SendAllAsync(count: 1000, clips: 120);

    private static async Task SendAllAsync(int count, int clips)
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync();
        var random = new Random(20261129);
        var deliveries = Shuffled(random, count, clips);
        using var over = new CancellationTokenSource();
        var breaking = BreakConnectionsAsync(world, over.Token);
        var (next, broke, duplicates) = (-1, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var mine && mine < deliveries.Count)
            {
                // Late: by its own time it was sent long before.
                if (mine % 100 == 0) world.Time.Advance(TimeSpan.FromSeconds(20));
                while (true)
                {
                    try
                    {
                        if (await world.SendAsync(deliveries[mine]) is Reception.Taken { IsDuplicate: true }) Interlocked.Increment(ref duplicates);
                        break;
                    }
                    catch (Exception exception) when (exception is NpgsqlException or NothingWrittenException or TransactionException or InvalidOperationException)
                    {
                        Interlocked.Increment(ref broke);
                    }
                }
            }
        })));
        await over.CancelAsync();
        await breaking;
        TestContext.Progress.WriteLine($"{broke} deliveries broke and were sent again; {duplicates} were known");
        world.Get<NpgsqlDataSource>().Clear();
        world.Database.DataSource.Clear();

        Assert.That(await world.RunsAsync(), Is.EqualTo(clips));
        Assert.That(await world.QueryAsync<long>("SELECT count(DISTINCT clip_key) FROM clip_runs"), Is.EqualTo((long[])[clips]));
        Assert.That(await world.QueryAsync<long>("SELECT count(*) FROM clip_events"), Is.EqualTo((long[])[deliveries.Select(message => message.Id).Distinct().Count()]), "each message once in the log");
        Assert.That(await world.QueryAsync<long>("SELECT count(*) FROM orchestrations o WHERE NOT EXISTS (SELECT 1 FROM hangfire.job j WHERE j.id::text = o.job_id)"), Is.EqualTo((long[])[0]), "a run without a job");
        Assert.That(await world.QueryAsync<long>("SELECT count(*) FROM hangfire.jobqueue WHERE queue = 'campaigns-rows'"), Is.EqualTo((long[])[clips]), "a job without a run");
        Assert.That(await world.QueryAsync<long>("SELECT count(*) FROM clip_outcomes WHERE state NOT IN ('accepted', 'existing')"), Is.EqualTo((long[])[0]));
        Assert.That((broke > 0, duplicates >= clips), Is.EqualTo((true, true)), $"{broke} broke, {duplicates} duplicates");
    }

    [Test]
    public async Task A_limit_is_kept_to_by_several_processes_at_once_and_a_message_that_comes_to_all_is_taken_once()
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync(runsPerDay: 5);
        await using var other = world.Another();
        var messages = Enumerable.Range(0, 20).Select(clip => ClipMessage.Of($"{clip}")).ToList();
        var taken = await Task.WhenAll(messages.SelectMany(message => (IServiceProvider?[])[null, other], (message, process) => Task.Run(() => world.SendAsync(message, process))));
        Assert.That(taken.OfType<Reception.Taken>().Count(one => !one.IsDuplicate), Is.EqualTo(20));
        Assert.That(await world.RunsAsync(), Is.EqualTo(5));
        Assert.That(await world.QueryAsync<long>("SELECT count(*) FROM clip_outcomes WHERE state = 'over_limit'"), Is.EqualTo((long[])[15]));
    }

    /// <summary>In a process they come one after the other; in two the publisher's row is what they wait for.</summary>
    [Test]
    public async Task Who_comes_second_to_another_process_sees_what_the_first_has_made()
    {
        await using var world = await ClipWorld.StartAsync();
        await world.NewPublisherAsync(runsPerDay: 1);
        await using var other = world.Another();
        await world.QueryAsync<int>("""
            CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(79); RETURN NULL; END $$;
            CREATE TRIGGER waits AFTER INSERT ON clip_runs FOR EACH ROW EXECUTE FUNCTION wait_here();
            """);
        Task<Reception> first, second;
        await using (var holder = await world.Database.DataSource.OpenConnectionAsync())
        {
            await using var held = await holder.BeginTransactionAsync();
            await using (var hold = new NpgsqlCommand("SELECT pg_advisory_xact_lock(79)", holder, held)) await hold.ExecuteNonQueryAsync();
            first = Task.Run(() => world.SendAsync(ClipMessage.Of("1")));
            await UntilWaitingAsync(1);
            second = Task.Run(() => world.SendAsync(ClipMessage.Of("2"), other));
            await UntilWaitingAsync(2);
        }

        await Task.WhenAll(first, second);
        Assert.That(await world.RunsAsync(), Is.EqualTo(1));
        Assert.That(await world.QueryAsync<string>("SELECT e.clip_key FROM clip_outcomes o JOIN clip_events e ON e.id = o.event_id WHERE o.state = 'over_limit'"), Is.EqualTo((string[])["2"]));

        Task UntilWaitingAsync(int count) => Eventually.TrueAsync(async () =>
            (await world.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))[0] == count, () => "they do not wait");
    }

    // Of each clip an event, for most of them an update, and each of these several times.
    private static List<ClipMessage> Shuffled(Random random, int count, int clips)
    {
        var messages = new List<ClipMessage>();
        for (var clip = 0; clip < clips; clip++)
        {
            messages.Add(ClipMessage.Of($"{clip}", more: new() { ["published_at"] = "2026-01-01T00:00:00Z" }));
            if (clip % 4 != 0) messages.Add(ClipMessage.Of($"{clip}", more: new() { ["updated_at"] = "2026-01-02T00:00:00Z", ["title"] = $"Clip {clip}, better", ["fields"] = new JsonObject { ["cut"] = "2" } }));
        }

        var deliveries = messages.ToList();
        while (deliveries.Count < count) deliveries.Add(messages[random.Next(messages.Count)]);
        var order = deliveries.ToArray();
        random.Shuffle(order);
        return [.. order];
    }

    private static async Task BreakConnectionsAsync(ClipWorld world, CancellationToken ct)
    {
        const string BreakSql = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.2) those";
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await world.QueryAsync<long>(BreakSql);
            }
            catch (NpgsqlException)
            {
                // One of the pool that it has broken itself.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(40), TimeProvider.System, CancellationToken.None);
        }
    }
}
