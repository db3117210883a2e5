using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Bench.Support;

/// <summary>A Graph that has a report ready as soon as it is asked for, and hands out its pages as fast as they are taken.</summary>
internal sealed class InsightHost : IAsyncDisposable
{
    private const string RunId = "6023920149050";
    private readonly WebApplication _app;
    private long _firstPageAt;
    private long _lastPageAt;

    private InsightHost(WebApplication app) => _app = app;

    /// <summary>For a service that takes this for Meta.</summary>
    public (string Name, string Value)[] Settings => [("META_ADS_MODE", "live"), ("META_GRAPH_URL", _app.Urls.First())];

    public InsightPages Report { get; set; } = null!;

    /// <summary>When the report's first page was last asked for, in the machine's monotonic time: the same in every process.</summary>
    public long FirstPageAt => Interlocked.Read(ref _firstPageAt);

    public long LastPageAt => Interlocked.Read(ref _lastPageAt);

    public static async Task<InsightHost> StartAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var host = new InsightHost(builder.Build());
        host._app.Run(host.AnswerAsync);
        await host._app.StartAsync(ct);
        return host;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var body = Answer(http.Request);
        http.Response.ContentType = "application/json; charset=UTF-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private ReadOnlyMemory<byte> Answer(HttpRequest request)
    {
        if (request.Method == "POST") return Text($$"""{"report_run_id":"{{RunId}}"}""");
        if (!request.Path.Value!.EndsWith("/insights", StringComparison.Ordinal))
            return Text($$"""{"id":"{{RunId}}","async_status":"Job Completed","async_percent_completion":100}""");
        if (request.Query["level"] == "account") return Report.AccountSpend;
        var page = request.Query["after"] is [{ } cursor] ? int.Parse(cursor, CultureInfo.InvariantCulture) : 0;
        if (page == 0) Interlocked.Exchange(ref _firstPageAt, Stopwatch.GetTimestamp());
        if (page == Report.Pages.Length - 1) Interlocked.Exchange(ref _lastPageAt, Stopwatch.GetTimestamp());
        return Report.Pages[page];
    }

    private static byte[] Text(string json) => System.Text.Encoding.UTF8.GetBytes(json);
}
