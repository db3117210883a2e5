using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>What runs on this machine, as ps tells it.</summary>
internal static class RunningProcesses
{
    /// <summary>One line each: "id user arguments".</summary>
    public static async Task<IReadOnlyList<string>> MentioningAsync(string text) =>
        [.. (await ListAsync("pid=,user=,args=")).Where(line => line.Contains(text, StringComparison.Ordinal))];

    /// <summary>Each as "id user arguments"; that stays the same when the parent ends.</summary>
    public static async Task<IReadOnlyList<string>> ChildrenOfAsync(int id) =>
        [.. (await ListAsync("ppid=,pid=,user=,args="))
            .Select(line => line.Trim().Split(' ', 2))
            .Where(line => line[0] == $"{id}")
            .Select(line => line[1].Trim())];

    private static async Task<IEnumerable<string>> ListAsync(string columns)
    {
        // A zombie has ended; nobody has asked for its exit code yet.
        var ps = await Command.RunAsync("ps", ["-A", "-ww", "-o", columns], CancellationToken.None);
        Assert.That(ps.Succeeded, $"These tests need ps (Debian: apt-get install procps). {ps.Errors}");
        return ps.Output.Split('\n').Where(line => !line.Contains("<defunct>", StringComparison.Ordinal));
    }

    public static async Task UntilNoneMentionsAsync(string text)
    {
        IReadOnlyList<string> left = [];
        await Eventually.TrueAsync(async () => (left = await MentioningAsync(text)).Count == 0, () => "Still running:\n" + string.Join('\n', left));
    }
}
