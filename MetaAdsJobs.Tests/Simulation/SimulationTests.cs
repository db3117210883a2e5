using System.Globalization;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Histories of several processes, searched for one in which a promise is broken; <see cref="History"/> tells what can happen in them.
/// SIMULATION_FIRST and SIMULATION_SEEDS choose others than the usual ones.
/// </summary>
[TestFixture, Parallelizable(ParallelScope.Children)]
public sealed partial class SimulationTests
{
    // Each waits for PostgreSQL, and for one thread to wake another, most of the time.
    private const int Lanes = 6;
    private const int Usual = 200;

    [Test]
    public async Task No_history_breaks_a_promise()
    {
        var (next, count) = (Setting("SIMULATION_FIRST") ?? 0, Setting("SIMULATION_SEEDS") ?? Usual);
        var end = next + count;
        await InLanesAsync(async database =>
        {
            for (var seed = Interlocked.Increment(ref next) - 1; seed < end; seed = Interlocked.Increment(ref next) - 1) await RunAsync(database, seed);
        });
    }

    /// <summary>The same for syncs and nights, whose histories are longer.</summary>
    [Test, Long]
    public async Task No_history_of_numbers_breaks_a_promise()
    {
        var (next, count) = (Setting("SIMULATION_FIRST") ?? 0, Setting("SIMULATION_SEEDS") ?? Usual);
        var end = next + count;
        await InLanesAsync(async database =>
        {
            for (var seed = Interlocked.Increment(ref next) - 1; seed < end; seed = Interlocked.Increment(ref next) - 1) await RunAsync(database, seed, isOfNumbers: true);
        });
    }

    /// <summary>Each of these has shown something once that was mended since.</summary>
    [TestCase(1, TestName = "{m}(an undo forgot what its own attempt had sent)")]
    [TestCase(76, TestName = "{m}(a stop's pause was in no audit)")]
    [TestCase(116, TestName = "{m}(a refusal of the old token marked the new one)")]
    [TestCase(226, TestName = "{m}(an ad was created, and deleted by hand before anybody knew of it)")]
    public async Task A_history_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        await RunAsync(database, seed);
    }

    [Test, Long]
    public async Task A_seed_tells_the_same_history_each_time([Values(2, 7, 11, 29)] int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        var (_, once) = await TellAsync(database, new(seed));
        var (_, again) = await TellAsync(database, new(seed));
        Assert.That(again.Told.Select(Masked), Is.EqualTo(once.Told.Select(Masked)));
    }

    /// <summary>Seeds that nobody has seen before, for SIMULATION_MINUTES (60).</summary>
    [Test, Long]
    public async Task No_fresh_history_breaks_a_promise()
    {
        var (time, length) = (TimeProvider.System, TimeSpan.FromMinutes(Setting("SIMULATION_MINUTES") ?? 60));
        var (since, next, told) = (time.GetTimestamp(), Random.Shared.Next(1_000_000, 1_000_000_000), 0);
        TestContext.Progress.WriteLine($"Fresh seeds from {next} on");
        await InLanesAsync(async database =>
        {
            while (time.GetElapsedTime(since) < length)
            {
                await RunAsync(database, Interlocked.Increment(ref next));
                if (Interlocked.Increment(ref told) % 1000 == 0) TestContext.Progress.WriteLine($"{told} histories, {told / time.GetElapsedTime(since).TotalMinutes:0} a minute");
            }
        });
        TestContext.Progress.WriteLine($"{told} histories, {told / time.GetElapsedTime(since).TotalMinutes:0} a minute");
    }

    private static Task InLanesAsync(Func<SimDatabase, Task> search) => Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
    {
        await using var database = await SimDatabase.CreateAsync();
        await search(database);
    })));

    private static async Task RunAsync(SimDatabase database, int seed, bool isOfNumbers = false)
    {
        var (verdicts, history) = await TellAsync(database, new(seed), isOfNumbers);
        if (verdicts.Count == 0) return;
        (verdicts, history) = await Shortening.ShortenAsync(choices => TellAsync(database, choices, isOfNumbers), verdicts, history);
        Assert.Fail($"Seed {seed}: {string.Join("; ", verdicts)}\n{string.Join('\n', history.Told)}");
    }

    private static async Task<(IReadOnlyList<string> Verdicts, History History)> TellAsync(SimDatabase database, Choices choices, bool isOfNumbers = false)
    {
        await using var history = new History(database, choices, isOfNumbers);
        return (await history.RunAsync(), history);
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    // Ids that are made anew each time.
    private static string Masked(string told) => Ids().Replace(told, "#");

    [GeneratedRegex("maj[a-z2-7]{16}|act_[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}|019[0-9a-f]{5}")]
    private static partial Regex Ids();
}
