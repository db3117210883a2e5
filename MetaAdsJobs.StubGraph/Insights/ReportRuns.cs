using System.Security.Cryptography;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>Reports in the background: asked for with POST, looked at until they have ended, then read page by page.</summary>
internal sealed class ReportRuns(NpgsqlDataSource dataSource, TimeProvider time, StubInsights insights)
{
    public const string IdPrefix = "META_REPORT_";
    private static readonly TimeSpan UntilStarted = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan UntilEnded = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan UntilExpired = TimeSpan.FromHours(24);

    private const string InsertSql = """
        INSERT INTO stub_graph.report_runs (id, account_id, node, parameters, created_at, generation)
        VALUES ($1, $2, $3, $4::jsonb, $5, coalesce((SELECT generation FROM stub_graph.restatements WHERE account_id = $2), 0))
        """;

    public async Task<StubAnswer> StartAsync(string nodeId, InsightNode node, StubCall call, CancellationToken ct)
    {
        if (insights.Refuse(node, call) is { } refusal)
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

    private const string FindSql = "SELECT account_id, node, parameters, created_at, generation FROM stub_graph.report_runs WHERE id = $1";

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
                rows.GetFieldValue<DateTimeOffset>(3),
                rows.GetInt32(4))
            : null;
    }

    public async Task<StubAnswer> ReadStatusAsync(string id, StubCall call, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } run)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        var node = await insights.FindNodeAsync(run.Node, ct);
        var status = await StatusAsync(run, node, run.As(call), ct);
        return StubAnswer.Ok(json => Write(json, run, status));
    }

    /// <summary>A page of the completed report: the parameters it was asked for with, the page asked for now.</summary>
    public async Task<StubAnswer> ReadRowsAsync(string id, StubCall call, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } run || await insights.FindNodeAsync(run.Node, ct) is not { } node)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        return await StatusAsync(run, node, run.As(call), ct) == ReportStatus.Completed
            ? await insights.ReadAsync(node, run.As(call), run.CreatedAt, run.Generation, ct)
            : new StubRefusal(100, $"(#100) The report run {id} is not completed").ToAnswer();
    }

    private async Task<ReportStatus> StatusAsync(ReportRun run, InsightNode? node, StubCall asked, CancellationToken ct) =>
        (time.GetUtcNow() - run.CreatedAt) switch
        {
            var age when age < UntilStarted => ReportStatus.NotStarted,
            var age when age < UntilEnded => ReportStatus.Running,
            var age when age > UntilExpired => ReportStatus.Skipped,
            _ when node is not null && await insights.IsTooMuchAsync(node, asked, run.CreatedAt, ct) => ReportStatus.Failed,
            _ => ReportStatus.Completed,
        };

    private static void Write(Utf8JsonWriter json, ReportRun run, ReportStatus status)
    {
        json.WriteStartObject();
        json.WriteString("id", run.Id);
        json.WriteString("account_id", run.AccountId);
        json.WriteString("async_status", status.Name);
        json.WriteNumber("async_percent_completion", status.Percent);
        json.WriteNumber("time_ref", run.CreatedAt.ToUnixTimeSeconds());

        // Meta leaves it out once it is false.
        if (status.IsRunning)
            json.WriteBoolean("is_running", true);

        if (status == ReportStatus.Completed)
            json.WriteNumber("time_completed", (run.CreatedAt + UntilEnded).ToUnixTimeSeconds());

        if (status == ReportStatus.Failed)
        {
            var why = InsightLimits.TooMuch;
            json.WriteNumber("error_code", why.Code);
            json.WriteNumber("error_subcode", why.Subcode!.Value);
            json.WriteString("error_message", why.Message);
            json.WriteString("error_user_title", why.UserTitle);
            json.WriteString("error_user_msg", why.UserMessage);
        }

        json.WriteEndObject();
    }

    private sealed record ReportStatus(string Name, int Percent, bool IsRunning)
    {
        public static readonly ReportStatus NotStarted = new("Job Not Started", 0, true);
        public static readonly ReportStatus Running = new("Job Running", 60, true);
        public static readonly ReportStatus Completed = new("Job Completed", 100, false);
        public static readonly ReportStatus Failed = new("Job Failed", 60, false);
        public static readonly ReportStatus Skipped = new("Job Skipped", 0, false);
    }

    private sealed record ReportRun(
        string Id, string AccountId, string Node, Dictionary<string, string> Parameters, DateTimeOffset CreatedAt, int Generation)
    {
        public StubCall As(StubCall call)
        {
            var parameters = new Dictionary<string, string>(Parameters);
            foreach (var (name, value) in call.Parameters.Where(parameter => parameter.Key is "limit" or "after"))
                parameters[name] = value;

            return call with { Parameters = parameters };
        }
    }
}
