using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>What runs on this machine, as ps tells it.</summary>
internal static class RunningProcesses
{
    public static async Task<IReadOnlyList<string>> MentioningAsync(string text)
    {
        // A zombie has ended; nobody has asked for its exit code yet.
        var ps = await Command.RunAsync("ps", ["-A", "-ww", "-o", "pid=,user=,stat=,args="], CancellationToken.None);
        return [.. ps.Output.Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal) && !line.Contains("<defunct>", StringComparison.Ordinal))];
    }

    public static async Task UntilNoneMentionsAsync(string text)
    {
        var since = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> left;
        while ((left = await MentioningAsync(text)).Count > 0)
        {
            if (TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(40))
                Assert.Fail("Still running:\n" + string.Join('\n', left));
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
