using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using MetaAdsJobs.Launch.Tokens;

namespace MetaAdsJobs.Bench.Support;

/// <summary>Asks an API process for pages, as an admin unless the page says as whom, and takes the time.</summary>
internal static class PageClient
{
    /// <summary>Of an API process of its own.</summary>
    public static async Task<HttpClient> CreateAsync(BenchService service, CancellationToken ct)
    {
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = await service.StartApiAsync(ct) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AccessTokens.Mint(BenchService.SigningKey, "admin", TimeSpan.FromHours(1), "bench", TimeProvider.System));
        return http;
    }

    /// <returns>Milliseconds of each request.</returns>
    public static async Task<double[]> AskAsync(HttpClient http, BenchPage page, int requests, int clients, CancellationToken ct)
    {
        var milliseconds = new double[requests];
        await Parallel.ForAsync(0, requests, new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = ct }, async (n, token) =>
        {
            var since = Stopwatch.GetTimestamp();
            await OneAsync(http, page, n, token);
            milliseconds[n] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        });
        return milliseconds;
    }

    /// <summary>The n-th request for it.</summary>
    public static async Task OneAsync(HttpClient http, BenchPage page, int n, CancellationToken ct)
    {
        var path = page.Path(n);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (page.Bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", page.Bearer);
        using var answer = await http.SendAsync(request, ct);
        await answer.Content.ReadAsByteArrayAsync(ct);
        if (answer.StatusCode != HttpStatusCode.OK) throw new BenchException($"{path} was answered {(int)answer.StatusCode}");
    }

    public static double Share(IReadOnlyCollection<double> milliseconds, double share) => milliseconds.Order().ElementAt((int)Math.Ceiling(milliseconds.Count * share) - 1);
}
