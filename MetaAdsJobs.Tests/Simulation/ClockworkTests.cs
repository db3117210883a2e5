namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What the clockwork itself promises.</summary>
[TestFixture]
public sealed class ClockworkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A run that has lost its lease is cancelled. Who waits around a call of it may give that up first, and end, before the call itself hears of the cancellation, and lets go on who waited for it.
    /// </summary>
    [Test]
    public async Task What_has_ended_is_let_go_on_no_more()
    {
        await using var database = await SimDatabase.CreateAsync();
        await using var history = new History(database, new Choices([]), isOfNumbers: false);
        await using var process = new SimProcess(history, "worker1", TimeSpan.Zero);
        var clockwork = history.Clockwork;
        foreach (var isPart in (bool[])[false, true])
        {
            Activity? ended = null;
            process.Begin("look", _ =>
            {
                ended = Clockwork.Mine.Value!;
                if (isPart) clockwork.Ends(ended = clockwork.Begins(ended));
                return Task.CompletedTask;
            }, _ => { });
            clockwork.WaitUntilQuiet();

            clockwork.Resume(ended!);

            await Task.Run(clockwork.WaitUntilQuiet).WaitAsync(Patience, TimeProvider.System);
        }
    }
}
