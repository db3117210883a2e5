using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Database;

/// <summary>A standby takes over whose time is ahead.</summary>
[TestFixture]
public sealed class ServiceClockTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(90);

    [Test]
    public async Task Only_a_time_that_jumps_ahead_is_steady_since_then()
    {
        await using var core = await InProcess.CreateAsync();
        var clock = new ServiceClock(TimeProvider.System);
        List<DateTimeOffset> steady = [clock.SteadySince];

        foreach (var at in (DateTimeOffset[])[Noon, Noon, Noon + Ahead, Noon + Ahead, Noon])
        {
            await ReadAsync(core.Database, clock, at);
            steady.Add(clock.SteadySince);
        }

        var never = DateTimeOffset.MinValue;
        Assert.That(steady, Is.EqualTo((DateTimeOffset[])[never, never, never, Noon + Ahead, Noon + Ahead, Noon + Ahead]));
    }

    [Test]
    public async Task A_lost_create_is_not_called_absent_because_the_clock_has_jumped()
    {
        await using var world = await RunWorld.StartAsync();
        var clock = world.Get<ServiceClock>();
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.DropBeforeActing);
        Assert.That((await world.RunAsync(asked, runs: 1)).Throws, Is.EqualTo(1), "its answer was not lost");

        await ReadAsync(world.Database, clock, world.Time.GetUtcNow());
        world.Time.Advance(Ahead);
        await ReadAsync(world.Database, clock, world.Time.GetUtcNow());
        var looked = await world.RunAsync(asked, runs: 1);

        Assert.That(looked.Waits.Single().Reason, Does.Contain("looking for it until it must be visible"));
        Assert.That(world.Creates(asked, "campaigns"), Has.Count.EqualTo(1), "it was sent again seconds after it");
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(world.Creates(asked, "campaigns"), Has.Count.EqualTo(2));
    }

    private static async Task ReadAsync(TestDatabase database, ServiceClock clock, DateTimeOffset at)
    {
        // Found before PostgreSQL's own.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false, SearchPath = "ahead, pg_catalog" }.ConnectionString);
        await connection.OpenAsync();
        var told = at.ToString("yyyy-MM-dd HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
        await connection.ExecuteAsync("CREATE SCHEMA IF NOT EXISTS ahead");
        await connection.ExecuteAsync($"CREATE OR REPLACE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT timestamptz '{told}' $$");
        clock.Read(connection);
    }
}
