using System.Data.Common;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs.Watching;

namespace MetaAdsJobs.Api.Health;

internal sealed record HealthResponse(string Status, IReadOnlyDictionary<string, string> Checks);

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Ok(new HealthResponse("live", new Dictionary<string, string>()))).WithTags("Health").WithSummary("The process answers").Produces<HealthResponse>();
        app.MapGet("/health/ready", ReadyAsync).WithTags("Health").WithSummary("Database reachable and migrated, a worker alive")
            .Produces<HealthResponse>().Produces<HealthResponse>(503);
    }

    private static async Task<IResult> ReadyAsync(DatabaseHealth database, WorkerHealth workers, AccountHealth accounts, CancellationToken ct)
    {
        var checks = new Dictionary<string, string>();
        var ready = false;
        try
        {
            checks["database"] = await database.IsMigratedAsync(ct) ? "ok" : "not migrated";
            var alive = await workers.CountAliveAsync(ct);
            checks["workers"] = alive > 0 ? $"ok, {alive} alive" : "none alive";
            ready = checks.Values.All(check => check.StartsWith("ok", StringComparison.Ordinal));
            // For people to see to: the process does its work for all other accounts.
            if (checks["database"] == "ok") (checks["tokens"], checks["accounts"]) = await accounts.ReadAsync(ct);
        }
        catch (DbException)
        {
            checks["database"] = "not reachable";
            ready = false;
        }

        return Results.Json(new HealthResponse(ready ? "ready" : "not ready", checks), statusCode: ready ? 200 : 503);
    }
}
