using System.Globalization;

namespace MetaAdsJobs.Bench;

/// <param name="Only">Names of measurements; empty means all.</param>
/// <param name="Count">Jobs and requests that a rate is taken over.</param>
/// <param name="Seconds">How long an idle worker is watched.</param>
/// <param name="Rows">Rows of the report that a sync reads; null for the measurement's own number.</param>
/// <param name="Runs">Orchestrations of one turn beside the peer.</param>
/// <param name="Jobs">Jobs that are to lie in Hangfire's tables.</param>
/// <param name="Page">Only pages whose name begins so; empty means all.</param>
internal sealed record BenchOptions(IReadOnlyList<string> Only, int Count, int Seconds, int? Rows, int Runs, int Jobs, string Page)
{
    /// <returns>Null when an argument is not understood.</returns>
    public static BenchOptions? Read(string[] arguments, IReadOnlyList<string> names)
    {
        var only = new List<string>();
        var (count, seconds, runs, jobs) = (2000, 20, 600, 1_000_000);
        int? rows = null;
        var page = "";
        if (arguments.Length % 2 != 0) return null;
        foreach (var pair in arguments.Chunk(2))
        {
            switch (pair[0])
            {
                case "--only" when names.Contains(pair[1]):
                    only.Add(pair[1]);
                    break;
                case "--page":
                    page = pair[1];
                    break;
                case "--count" when TryRead(pair[1], 50, out count):
                case "--seconds" when TryRead(pair[1], 2, out seconds):
                case "--runs" when TryRead(pair[1], 0, out runs):
                case "--jobs" when TryRead(pair[1], 20_000, out jobs):
                    break;
                case "--rows" when TryRead(pair[1], 1000, out var number):
                    rows = number;
                    break;
                default:
                    return null;
            }
        }

        return new(only, count, seconds, rows, runs, jobs, page);
    }

    private static bool TryRead(string text, int least, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least;
}
