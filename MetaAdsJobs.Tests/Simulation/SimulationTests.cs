using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Histories of several processes, searched for one in which a promise is broken; <see cref="History"/> tells what can happen in them.
/// SIMULATION_FIRST and SIMULATION_SEEDS choose others than the usual ones, SIMULATION_LANES how many are told beside each other,
/// SIMULATION_SHORTEN=0 leaves a red one as long as it is, SIMULATION_ONLY tells those alone of one kind (<see cref="History.Is"/>).
/// </summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class SimulationTests
{
    // Each waits for PostgreSQL, and for one thread to wake another, most of the time.
    private static readonly int Lanes = Setting("SIMULATION_LANES") ?? 6;
    private const int Usual = 80;
    private static readonly string? Only = Environment.GetEnvironmentVariable("SIMULATION_ONLY");

    // One is enough: the other lanes go no further.
    private volatile bool _isRed;

    [Test]
    public async Task No_history_breaks_a_promise()
    {
        var (next, count) = (Setting("SIMULATION_FIRST") ?? 0, Setting("SIMULATION_SEEDS") ?? Usual);
        var end = next + count;
        await InLanesAsync(async database =>
        {
            for (var seed = Interlocked.Increment(ref next) - 1; seed < end && !_isRed; seed = Interlocked.Increment(ref next) - 1) await RunAsync(database, seed);
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
            for (var seed = Interlocked.Increment(ref next) - 1; seed < end && !_isRed; seed = Interlocked.Increment(ref next) - 1) await RunAsync(database, seed, isOfNumbers: true);
        });
    }

    /// <summary>Each of these is red without what was mended for it.</summary>
    [TestCase(615777408, TestName = "{m}(a stop that was told to end, and lifted, left no word)")]
    [TestCase(346446661, TestName = "{m}(of what a stop that died had paused another that slept left no word)")]
    [TestCase(855156400, TestName = "{m}(what was paused after the lifting by one that died was neither told nor activated again)")]
    [TestCase(180108865, TestName = "{m}(a start that Meta refused called idle what an earlier call activated afterwards)")]
    [TestCase(1097, TestName = "{m}(a video that was said to be missing in passing was shown while it was processed)")]
    [TestCase(554923690, TestName = "{m}(a deletion was believed without a word of success)")]
    public async Task A_history_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        Assert.That(await RunAsync(database, seed), Has.Property(nameof(History.TreeSeed)).Null.And.Property(nameof(History.EditSeed)).Null.And.Property(nameof(History.KindSeed)).Null.And.Property(nameof(History.IntoSeed)).Null.And.Property(nameof(History.AdoptSeed)).Null.And.Property(nameof(History.FileSeed)).Null.And.Property(nameof(History.Batches)).Property(nameof(BatchScript.IsOn)).False.And.Property(nameof(History.Midway)).Property(nameof(Midway.IsOn)).False, "it is another history by now");
    }

    /// <inheritdoc cref="A_history_that_once_broke_a_promise_keeps_it"/>
    [TestCase(472805469, TestName = "{m}(a list that grew while it was read showed a creative twice)")]
    [TestCase(181465646, TestName = "{m}(what an attempt activated that died was told by nobody, since another came between)")]
    [TestCase(503999228, TestName = "{m}(an answer without its name made a creative one that was left, though it was deleted)")]
    public async Task A_history_of_trees_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        Assert.That(await RunAsync(database, seed), Has.Property(nameof(History.TreeSeed)).Not.Null.And.Property(nameof(History.EditSeed)).Null.And.Property(nameof(History.KindSeed)).Null.And.Property(nameof(History.IntoSeed)).Null.And.Property(nameof(History.AdoptSeed)).Null.And.Property(nameof(History.FileSeed)).Null.And.Property(nameof(History.Batches)).Property(nameof(BatchScript.IsOn)).False.And.Property(nameof(History.Midway)).Property(nameof(Midway.IsOn)).False, "it is another history by now");
    }

    /// <inheritdoc cref="A_history_that_once_broke_a_promise_keeps_it"/>
    [TestCase(1003, TestName = "{m}(what a stop paused after an edit of the campaign was noted nowhere, and told by nobody when its process died)")]
    public async Task A_history_of_edits_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        Assert.That(await RunAsync(database, seed), Has.Property(nameof(History.EditSeed)).Not.Null.And.Property(nameof(History.AdoptSeed)).Null.And.Property(nameof(History.FileSeed)).Null.And.Property(nameof(History.Batches)).Property(nameof(BatchScript.IsOn)).False.And.Property(nameof(History.Midway)).Property(nameof(Midway.IsOn)).False, "it is another history by now");
    }

    /// <inheritdoc cref="A_history_that_once_broke_a_promise_keeps_it"/>
    [TestCase(387045454, TestName = "{m}(what waited for an approval when its worker died could neither be approved nor expire)")]
    public async Task A_history_of_approvals_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        Assert.That(await RunAsync(database, seed), Has.Property(nameof(History.HoldSeed)).Not.Null, "it is another history by now");
    }

    /// <inheritdoc cref="A_history_that_once_broke_a_promise_keeps_it"/>
    [TestCase(757138221, TestName = "{m}(a change whose process died once an archive had made it void was taken for somebody else's)")]
    public async Task A_history_of_adoptions_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        Assert.That(await RunAsync(database, seed), Has.Property(nameof(History.AdoptSeed)).Not.Null, "it is another history by now");
    }

    /// <inheritdoc cref="A_history_that_once_broke_a_promise_keeps_it"/>
    [TestCase(381239390, TestName = "{m}(a sync whose claim had slept took what others had stored since for newer than its own)")]
    [TestCase(796807960, TestName = "{m}(two pages that were read a minute apart were put together)")]
    public async Task A_history_of_numbers_that_once_broke_a_promise_keeps_it(int seed)
    {
        await using var database = await SimDatabase.CreateAsync();
        await RunAsync(database, seed, isOfNumbers: true);
    }

    /// <summary>The first of the usual ones twice, or as many as SIMULATION_TWICE says: same events, same choices.</summary>
    [Test]
    public async Task A_seed_tells_the_same_history_each_time([Values] bool isOfNumbers)
    {
        var (next, count) = (Setting("SIMULATION_FIRST") ?? 0, Setting("SIMULATION_TWICE") ?? (isOfNumbers ? 2 : 4));
        var end = next + count;
        var differing = new ConcurrentBag<string>();
        await InLanesAsync(async database =>
        {
            for (var seed = Interlocked.Increment(ref next) - 1; seed < end; seed = Interlocked.Increment(ref next) - 1)
            {
                var ((verdicts, once), (_, again)) = (await TellAsync(database, new(seed), isOfNumbers), await TellAsync(database, new(seed), isOfNumbers));
                if (verdicts.Count > 0) differing.Add($"Seed {seed}: {string.Join("; ", verdicts)}");
                if (Difference(once, again) is { } difference) differing.Add($"Seed {seed}: {difference}");
            }
        });
        Assert.That(differing, Is.Empty, string.Join("\n\n", differing));
    }

    private static string? Difference(History one, History other)
    {
        var (once, again) = (one.Told.Select(Masked).ToList(), other.Told.Select(Masked).ToList());
        if (once.SequenceEqual(again)) return one.Choices.Made.SequenceEqual(other.Choices.Made) ? null : "the same events from different choices";
        var same = once.Zip(again).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"{string.Join('\n', once.Skip(same - 8).Take(Math.Min(same, 8)))}\nthen\n{string.Join('\n', once.Skip(same).Take(4))}\nor\n{string.Join('\n', again.Skip(same).Take(4))}";
    }

    /// <summary>Seeds that nobody has seen before, for SIMULATION_MINUTES (60); every tenth is one of numbers.</summary>
    [Test, Long]
    public async Task No_fresh_history_breaks_a_promise()
    {
        var (time, length) = (TimeProvider.System, TimeSpan.FromMinutes(Setting("SIMULATION_MINUTES") ?? 60));
        var (since, next, told) = (time.GetTimestamp(), Random.Shared.Next(1_000_000, 1_000_000_000), 0);
        TestContext.Progress.WriteLine($"Fresh seeds from {next} on");
        await InLanesAsync(async database =>
        {
            while (time.GetElapsedTime(since) < length && !_isRed)
            {
                var seed = Interlocked.Increment(ref next);
                await RunAsync(database, seed, isOfNumbers: seed % 10 == 0);
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

    private async Task<History> RunAsync(SimDatabase database, int seed, bool isOfNumbers = false)
    {
        IReadOnlyList<string> verdicts;
        History history;
        try
        {
            (verdicts, history) = await TellAsync(database, new(seed), isOfNumbers);
        }
        catch (Exception exception)
        {
            _isRed = true;
            throw new InvalidOperationException($"Seed {seed} cannot be told", exception);
        }

        if (verdicts.Count == 0) return history;
        _isRed = true;
        if (Setting("SIMULATION_SHORTEN") != 0) (verdicts, history) = await Shortening.ShortenAsync(choices => TellAsync(database, choices, isOfNumbers), verdicts, history);
        Assert.Fail($"Seed {seed}: {(isOfNumbers ? "of numbers: " : "")}{string.Join("; ", verdicts)}\n{string.Join('\n', history.Told)}");
        return history;
    }

    private static async Task<(IReadOnlyList<string> Verdicts, History History)> TellAsync(SimDatabase database, Choices choices, bool isOfNumbers = false)
    {
        await using var history = new History(database, choices, isOfNumbers);
        if (Only is { Length: > 0 } only && !history.Is(only)) return ([], history);
        return (await history.RunAsync(), history);
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    // Ids that are made anew each time.
    private static string Masked(string told) => Ids().Replace(told, "#");

    [GeneratedRegex("maj[a-z2-7]{16}|act_[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}|019[0-9a-f]{5}")]
    private static partial Regex Ids();
}
