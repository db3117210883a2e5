using System.Diagnostics;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Histories of several processes, searched for one in which a promise is broken. See History for what can happen in them.</summary>
[TestFixture]
public sealed class SimulationTests
{
    [Test]
    public async Task No_history_breaks_a_promise([Range(0, 1)] int lane)
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? "400", System.Globalization.CultureInfo.InvariantCulture);
        var first = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_FIRST") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        await using var database = await SimDatabase.CreateAsync();
        var since = Stopwatch.GetTimestamp();
        var steps = 0L;
        for (var seed = first + lane; seed < first + count; seed += 2)
        {
            var began = Stopwatch.GetTimestamp();
            var (verdicts, history) = await RunAsync(database, new(seed));
            Console.Error.WriteLine($"seed {seed}: {history.Clockwork.Steps} steps, {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms, {verdicts.Count}");
            steps += history.Clockwork.Steps;
            if (verdicts.Count == 0) continue;
            if (Environment.GetEnvironmentVariable("SIMULATION_OUT") is { } folder)
            {
                await File.WriteAllTextAsync(Path.Combine(folder, $"{seed}"), $"Seed {seed}: {string.Join("; ", verdicts)}\n{string.Join('\n', history.Told)}");
                continue;
            }

            Assert.Fail($"Seed {seed}: {string.Join("; ", verdicts)}\n{string.Join('\n', history.Told)}");
        }

        TestContext.Progress.WriteLine($"lane {lane}: {count / 2} histories, {steps} steps, {count / 2 / Stopwatch.GetElapsedTime(since).TotalMinutes:0} a minute");
    }

    private static async Task<(IReadOnlyList<string>, History)> RunAsync(SimDatabase database, Choices choices)
    {
        await using var history = new History(database, choices);
        return (await history.RunAsync(), history);
    }
}
