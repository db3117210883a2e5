using System.Diagnostics.Metrics;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>
/// Commits and statements of our own per orchestration: accepted and run in this process without Hangfire's server, with the Graph's objects
/// in a cluster of their own, so that PostgreSQL counts nothing else.
/// </summary>
internal sealed class Commits : IMeasurement
{
    private const int Goal = 6;
    private const int Orchestrations = 100;

    public string Name => "commits";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var graphCluster = await BenchCluster.StartAsync(Console.WriteLine, ct);
        await using var objects = await graphCluster.NewDatabaseAsync(ct);
        await using var graph = await GraphHost.StartAsync(objects.ConnectionString, TimeSpan.Zero, ct);
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), graph.Settings);
        var request = await service.NewRequestAsync(ct);
        await RunOneAsync(); // Reads the key ring and the types once.
        using var statements = new StatementCount(service.Database.ConnectionString);

        var writes = new List<long>();
        var commitsBefore = await CommitsAsync();
        for (var one = 0; one < Orchestrations; one++)
        {
            var before = await service.Database.CountWritesAsync();
            await RunOneAsync();
            writes.Add(await service.Database.CountWritesAsync() - before);
        }

        // The median, since autovacuum may commit in between.
        var median = writes.Order().ElementAt(Orchestrations / 2);
        var statementsEach = (double)statements.Value / Orchestrations;
        var commits = (double)(await CommitsAsync() - commitsBefore) / Orchestrations;
        return [new("commits of our own per orchestration", $"{median}", $"≤ {Goal}", median <= Goal,
            $"transactions that wrote, accept included; {commits:0.0} with those that only read (looking up account and clip). "
            + $"Median of {Orchestrations}, image clip, first insights included, counted by PostgreSQL"),
            new("statements of our own per orchestration", $"{statementsEach:0.0}", "", true, "accept included, BEGIN and COMMIT not, counted by Npgsql")];

        async Task RunOneAsync()
        {
            var requestId = await service.AcceptAsync(request, ct);
            var outcome = await service.Services.GetRequiredService<RunOrchestration>().ExecuteAsync(requestId, ct);
            if (outcome is not JobOutcome.Completed) throw new BenchException($"An orchestration ended otherwise: {outcome}");
        }

        async Task<long> CommitsAsync()
        {
            // A backend tells its counts at the latest when it ends.
            service.Services.GetRequiredService<NpgsqlDataSource>().Clear();
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
            return await service.Database.CountCommitsAsync();
        }
    }

    /// <summary>Statements that this process has sent to one server.</summary>
    private sealed class StatementCount : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _value;

        public StatementCount(string connectionString)
        {
            var address = $"Port={new NpgsqlConnectionStringBuilder(connectionString).Port};";
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Meter.Name: "Npgsql", Name: "db.client.operation.duration" }) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                foreach (var tag in tags)
                    if (tag is { Key: "db.client.connection.pool.name", Value: string pool } && pool.Contains(address, StringComparison.Ordinal)) Interlocked.Increment(ref _value);
            });
            _listener.Start();
        }

        public long Value => Interlocked.Read(ref _value);

        public void Dispose() => _listener.Dispose();
    }
}
