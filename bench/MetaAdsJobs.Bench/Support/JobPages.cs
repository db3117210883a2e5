namespace MetaAdsJobs.Bench.Support;

/// <summary>The pages that show Hangfire's tables: the console's, which has to answer at once, and Hangfire's own.</summary>
internal static class JobPages
{
    private const int Clients = 4;
    private const int Requests = 60;
    private const int WarmUp = 12;
    private const int Goal = 100;

    public static readonly IReadOnlyList<BenchPage> OfEnded =
    [
        new("console, jobs", _ => "/console/jobs"),
        new("dashboard, overview", _ => "/hangfire"),
        new("dashboard, succeeded", _ => "/hangfire/jobs/succeeded"),
        new("dashboard, succeeded, far back", n => $"/hangfire/jobs/succeeded?from={400_000 + (n * 10)}&count=10"),
        new("dashboard, failed", _ => "/hangfire/jobs/failed"),
        new("dashboard, recurring", _ => "/hangfire/recurring"),
    ];

    public static readonly IReadOnlyList<BenchPage> OfWaiting =
    [
        new("console, jobs", _ => "/console/jobs"),
        new("dashboard, overview", _ => "/hangfire"),
        new("dashboard, queues", _ => "/hangfire/jobs/enqueued"),
    ];

    public static async Task<IReadOnlyList<Result>> MeasureAsync(BenchService service, HttpClient http, string among, IReadOnlyList<BenchPage> pages, CancellationToken ct)
    {
        var results = new List<Result>();
        foreach (var page in pages)
        {
            await PageClient.AskAsync(http, page, WarmUp, Clients, ct);
            var took = await PageClient.AskAsync(http, page, Requests, Clients, ct);
            var (half, most) = (PageClient.Share(took, 0.5), PageClient.Share(took, 0.95));
            var isOurs = page.Name.StartsWith("console", StringComparison.Ordinal);
            Console.WriteLine($"  {page.Name}: {half:0} / {most:0} ms");
            results.Add(new($"{page.Name}, {among}", $"{most:0} ms", isOurs ? $"≤ {Goal} ms" : "", most <= Goal, $"the 95th percentile of {Requests}, {Clients} at once; half within {half:0} ms"));
        }

        return results;
    }
}
