using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Insights;
using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph;

/// <summary>
/// A Graph API of our own: Meta's URLs, parameters, refusals and headers over objects kept in PostgreSQL, so that several
/// processes see one world. Nothing in it ever talks to Meta.
/// </summary>
public sealed class StubGraphApi
{
    private readonly TimeProvider _time;
    private readonly StubCreates _creates;
    private readonly StubEdges _edges;
    private readonly StubNodes _nodes;
    private readonly StubAccounts _accounts;
    private readonly StubInsights _insights;
    private readonly ReportRuns _runs;

    public StubGraphApi(NpgsqlDataSource dataSource, TimeProvider time)
    {
        _time = time;
        _creates = new StubCreates(dataSource, time);
        _edges = new StubEdges(dataSource, time);
        _nodes = new StubNodes(dataSource, time);
        _accounts = new StubAccounts(dataSource);
        _insights = new StubInsights(dataSource, time);
        _runs = new ReportRuns(dataSource, time, _insights);
    }

    public async Task<StubAnswer> AnswerAsync(StubCall call, CancellationToken ct)
    {
        var (node, edge) = Split(call.Path);
        return await AnswerOrBreakAsync(call, ct) with { Headers = StubUsage.Headers(AccountOf(node), edge) };
    }

    private async Task<StubAnswer> AnswerOrBreakAsync(StubCall call, CancellationToken ct)
    {
        try
        {
            return StubToken.Refuse(call, _time.GetUtcNow()) is { } refusal ? refusal.ToAnswer() : await RouteAsync(call, ct);
        }
        catch (NpgsqlException e)
        {
            // A client of Meta never sees a database error; it sees this, and has to find out what was done.
            return StubRefusal.Unexpected(e.SqlState ?? e.Message).ToAnswer();
        }
    }

    private Task<StubAnswer> RouteAsync(StubCall call, CancellationToken ct)
    {
        var (node, edge) = Split(call.Path);
        if (AccountOf(node) is { } accountId)
            return AnswerAccountAsync(accountId, edge, call, ct);

        return (call.Method, node, edge) switch
        {
            ("POST", "", null) => StubBatch.AnswerAsync(call, AnswerAsync, ct),
            ("GET", "search", null) => Task.FromResult(StubTargeting.Answer(call)),
            ("GET", "me", "adaccounts") => _accounts.ListAsync(call, ct),
            ("GET", "me", "accounts") => Task.FromResult(StubReach.PagesOf(call)),
            ("GET", "debug_token", null) => Task.FromResult(StubToken.Inspect(call, _time.GetUtcNow())),
            (_, _, "insights") => AnswerInsightsAsync(node, call, ct),
            ("GET", _, null) when IsRun(node) => _runs.ReadStatusAsync(node, call, ct),
            ("GET", _, null) => _nodes.ReadAsync(node, call, ct),
            ("POST", _, null) => _nodes.UpdateAsync(node, call, ct),
            ("DELETE", _, null) => _nodes.DeleteAsync(node, ct),
            ("GET", _, "adsets" or "ads") => ListChildrenAsync(node, StubKind.WithEdge(edge)!, call, ct),
            _ => Refuse(StubRefusal.NoSuchEdge(edge ?? node)),
        };
    }

    private Task<StubAnswer> AnswerAccountAsync(string accountId, string? edge, StubCall call, CancellationToken ct) =>
        (call.Method, edge, edge is null ? null : StubKind.WithEdge(edge)) switch
        {
            ("GET", null, _) => _accounts.ReadAsync(accountId, call, ct),
            ("GET", "adspixels", _) => Task.FromResult(StubReach.Pixels(accountId, call)),
            ("GET", "instagram_accounts", _) => Task.FromResult(StubReach.Instagram(accountId, call)),
            ("GET", "customaudiences", _) => Task.FromResult(StubAudiences.ListCustom(call)),
            ("GET", "saved_audiences", _) => Task.FromResult(StubAudiences.ListSaved(call)),
            ("GET", "delivery_estimate", _) => Task.FromResult(StubEstimates.Answer(call)),
            ("GET", "targetingsearch", _) => Task.FromResult(StubTargeting.Detailed(call)),
            ("GET", "minimum_budgets", _) => Task.FromResult(StubAccounts.MinimumBudgets()),
            (_, "insights", _) => AnswerInsightsAsync($"act_{accountId}", call, ct),
            ("GET", _, { } kind) => _edges.ListOfAccountAsync(accountId, kind, call, ct),
            ("POST", _, { } kind) => _creates.CreateAsync(kind, accountId, call, ct),
            _ => Refuse(StubRefusal.NoSuchEdge(edge ?? $"act_{accountId}")),
        };

    private async Task<StubAnswer> AnswerInsightsAsync(string nodeId, StubCall call, CancellationToken ct)
    {
        if (IsRun(nodeId))
            return await _runs.ReadRowsAsync(nodeId, call, ct);

        if (await _insights.FindNodeAsync(nodeId, ct) is not { } node)
            return StubRefusal.NoSuchObject(nodeId).ToAnswer();

        return call.Method == "POST"
            ? await _runs.StartAsync(nodeId, node, call, ct)
            : await _insights.ReadAsync(node, call, ct);
    }

    private async Task<StubAnswer> ListChildrenAsync(string id, StubKind kind, StubCall call, CancellationToken ct) =>
        await _nodes.FindAsync(id, ct) is { } parent
            ? await _edges.ListOfParentAsync(parent.Kind, id, kind, call, ct)
            : StubRefusal.NoSuchObject(id).ToAnswer();

    private static Task<StubAnswer> Refuse(StubRefusal refusal) => Task.FromResult(refusal.ToAnswer());

    private static bool IsRun(string node) => node.StartsWith(ReportRuns.IdPrefix, StringComparison.Ordinal);

    private static (string Node, string? Edge) Split(string path)
    {
        var parts = path.Split('/', 2);
        return (parts[0], parts.ElementAtOrDefault(1));
    }

    private static string? AccountOf(string node) =>
        node.StartsWith("act_", StringComparison.Ordinal) && node.Length > 4 && node.AsSpan(4).IndexOfAnyExceptInRange('0', '9') < 0
            ? node[4..]
            : null;
}

/// <summary>POST to the root: up to 50 calls in one request, answered in order; one that fails does not stop the others.</summary>
internal static class StubBatch
{
    private const int Most = 50;

    public static async Task<StubAnswer> AnswerAsync(
        StubCall call, Func<StubCall, CancellationToken, Task<StubAnswer>> answer, CancellationToken ct)
    {
        if (call.Json("batch") is not { ValueKind: JsonValueKind.Array } batch)
            return StubRefusal.Missing("batch").ToAnswer();

        if (batch.GetArrayLength() > Most)
        {
            return new StubRefusal(100, $"(#100) Too many requests in batch message. Maximum batch size is {Most}")
            {
                Field = "batch",
            }.ToAnswer();
        }

        var answers = new List<StubAnswer>();
        foreach (var item in batch.EnumerateArray())
            answers.Add(await answer(await ReadAsync(item, call, ct), ct));

        return StubAnswer.Ok(json => Write(json, answers));
    }

    private static async Task<StubCall> ReadAsync(JsonElement item, StubCall batch, CancellationToken ct)
    {
        var url = (Property(item, "relative_url") ?? "").Split('?', 2);
        using var body = new MemoryStream(Encoding.UTF8.GetBytes(Property(item, "body") ?? ""));
        var call = await StubCallReader.ReadAsync(
            Property(item, "method") ?? "GET",
            url[0],
            url.ElementAtOrDefault(1),
            "application/x-www-form-urlencoded",
            body,
            authorization: null,
            ct);
        return call with { Token = call.Token ?? batch.Token, Version = batch.Version };
    }

    private static string? Property(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static void Write(Utf8JsonWriter json, List<StubAnswer> answers)
    {
        json.WriteStartArray();
        foreach (var answer in answers)
        {
            json.WriteStartObject();
            json.WriteNumber("code", answer.Status);
            json.WriteStartArray("headers");
            foreach (var (name, value) in answer.Headers)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("value", value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("body", answer.Body.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>The headers by which Meta tells how much of each quota is used, in percent; here always little.</summary>
internal static class StubUsage
{
    // Meta counts per business where a call names no ad account.
    private const string BusinessId = "1000000000000003";

    public static IReadOnlyDictionary<string, string> Headers(string? accountId, string? edge)
    {
        var isInsights = edge == "insights";
        var type = isInsights ? "ads_insights" : edge is "customaudiences" or "saved_audiences" ? "custom_audience" : "ads_management";
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["X-App-Usage"] = """{"call_count":2,"total_cputime":1,"total_time":1}""",
            ["X-Ad-Account-Usage"] =
                """{"acc_id_util_pct":1.5,"reset_time_duration":0,"ads_api_access_tier":"standard_access"}""",
            ["X-Business-Use-Case-Usage"] = $$"""
                {"{{accountId ?? BusinessId}}":[{"type":"{{type}}","call_count":3,"total_cputime":1,"total_time":2,"estimated_time_to_regain_access":0,"ads_api_access_tier":"standard_access"}]}
                """,
            ["x-fb-trace-id"] = RandomNumberGenerator.GetHexString(11),
        };
        if (isInsights)
        {
            headers["X-FB-Ads-Insights-Throttle"] =
                """{"app_id_util_pct":1,"acc_id_util_pct":2,"ads_api_access_tier":"standard_access"}""";
        }

        return headers;
    }
}
