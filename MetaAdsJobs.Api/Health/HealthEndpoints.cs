using System.Data.Common;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs.Watching;

namespace MetaAdsJobs.Api.Health;

internal sealed record HealthResponse(string Status, IReadOnlyDictionary<string, string> Checks);

/// <summary>Probes come every few seconds: one line when they begin to be answered otherwise.</summary>
internal sealed partial class ReadyLog(ILogger<ReadyLog> logger)
{
    private int _isReady = 1;

    public void Tell(bool isReady, IReadOnlyDictionary<string, string> checks)
    {
        if (Interlocked.Exchange(ref _isReady, isReady ? 1 : 0) == (isReady ? 1 : 0)) return;
        if (isReady) LogReady(logger);
        else LogNotReady(logger, string.Join("; ", checks.Select(check => $"{check.Key}: {check.Value}")));
    }

    [LoggerMessage(19000, LogLevel.Warning, "Not ready: {Checks}")]
    private static partial void LogNotReady(ILogger logger, string checks);

    [LoggerMessage(19001, LogLevel.Information, "Ready again")]
    private static partial void LogReady(ILogger logger);
}

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").WithHead();
        health.MapGet("/live", () => Results.Ok(new HealthResponse("live", new Dictionary<string, string>()))).WithTags("Health").WithSummary("The process answers").Produces<HealthResponse>();
        health.MapGet("/ready", ReadyAsync).WithTags("Health").WithSummary("Database reachable, writable and migrated, a worker alive")
            .Produces<HealthResponse>().Produces<HealthResponse>(503);
    }

    private static async Task<IResult> ReadyAsync(DatabaseHealth database, WorkerHealth workers, AccountHealth accounts, ReadyLog log, CancellationToken ct)
    {
        var checks = new Dictionary<string, string>();
        var ready = false;
        try
        {
            checks["database"] = await database.ReadAsync(ct);
            if (checks["database"] == DatabaseHealth.ReadOnly) return Answer();
            var alive = await workers.CountAliveAsync(ct);
            checks["workers"] = alive > 0 ? $"ok, {alive} alive" : "none alive";
            ready = checks.Values.All(check => check.StartsWith("ok", StringComparison.Ordinal));
            // For people to see to: the process does its work for all other accounts.
            if (checks["database"] == DatabaseHealth.Ok) (checks["tokens"], checks["accounts"]) = await accounts.ReadAsync(ct);
        }
        catch (DbException)
        {
            checks["database"] = "not reachable";
            ready = false;
        }

        return Answer();

        IResult Answer()
        {
            log.Tell(ready, checks);
            return Results.Json(new HealthResponse(ready ? "ready" : "not ready", checks), statusCode: ready ? 200 : 503);
        }
    }
}
