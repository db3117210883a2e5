using System.Security.Cryptography;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Stub.Objects;
using Npgsql;

namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>Reports in the background: asked for with POST, looked at until completed, then read page by page.</summary>
internal sealed class ReportRuns(NpgsqlDataSource dataSource, TimeProvider time, StubInsights insights)
{
    public const string IdPrefix = "META_REPORT_";
    private static readonly TimeSpan UntilStarted = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan UntilCompleted = TimeSpan.FromMilliseconds(300);

    private const string InsertSql = """
        INSERT INTO stub_graph.report_runs (id, account_id, node, parameters, created_at) VALUES ($1, $2, $3, $4::jsonb, $5)
        """;

    public async Task<StubAnswer> StartAsync(string nodeId, InsightNode node, StubCall call, CancellationToken ct)
    {
        if (insights.Refuse(node, call, out _) is { } refusal)
            return refusal.ToAnswer();

        var id = IdPrefix + RandomNumberGenerator.GetHexString(12, lowercase: true);
        await using var command = dataSource.With(
            InsertSql, id, node.Account.AccountId, nodeId, JsonSerializer.Serialize(call.Parameters), time.GetUtcNow());
        await command.ExecuteNonQueryAsync(ct);
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteString("report_run_id", id);
            json.WriteEndObject();
        });
    }

    private const string FindSql = "SELECT account_id, node, parameters, created_at FROM stub_graph.report_runs WHERE id = $1";

    private async Task<ReportRun?> FindAsync(string id, CancellationToken ct)
    {
        await using var command = dataSource.With(FindSql, id);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? new ReportRun(
                id,
                rows.GetString(0),
                rows.GetString(1),
                JsonSerializer.Deserialize<Dictionary<string, string>>(rows.GetString(2))!,
                rows.GetFieldValue<DateTimeOffset>(3))
            : null;
    }

    public async Task<StubAnswer> ReadStatusAsync(string id, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } run)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        var age = time.GetUtcNow() - run.CreatedAt;
        var (status, percent) = age < UntilStarted ? ("Job Not Started", 0)
            : age < UntilCompleted ? ("Job Running", 60)
            : ("Job Completed", 100);
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("account_id", run.AccountId);
            json.WriteString("async_status", status);
            json.WriteNumber("async_percent_completion", percent);
            json.WriteNumber("time_ref", run.CreatedAt.ToUnixTimeSeconds());
            if (percent == 100)
                json.WriteNumber("time_completed", (run.CreatedAt + UntilCompleted).ToUnixTimeSeconds());
            else
            {
                // Meta leaves it out once it is false.
                json.WriteBoolean("is_running", true);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>A page of the completed report: the parameters it was asked for with, the page asked for now.</summary>
    public async Task<StubAnswer> ReadRowsAsync(string id, StubCall call, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } run || await insights.FindNodeAsync(run.Node, ct) is not { } node)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        if (time.GetUtcNow() - run.CreatedAt < UntilCompleted)
        {
            return new StubRefusal(100, $"(#100) The report run {id} is not completed").ToAnswer();
        }

        var parameters = new Dictionary<string, string>(run.Parameters);
        foreach (var (name, value) in call.Parameters.Where(parameter => parameter.Key is "limit" or "after"))
            parameters[name] = value;

        return await insights.ReadAsync(node, call with { Parameters = parameters }, ct);
    }

    private sealed record ReportRun(
        string Id, string AccountId, string Node, Dictionary<string, string> Parameters, DateTimeOffset CreatedAt);
}
