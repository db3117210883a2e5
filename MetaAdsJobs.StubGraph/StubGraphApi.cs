using MetaAdsJobs.StubGraph.Creates;
using MetaAdsJobs.StubGraph.Insights;
using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Reports;
using MetaAdsJobs.StubGraph.Targeting;
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
        return await AnswerOrBreakAsync(call, ct) with { Headers = StubUsage.Headers(AccountOf(node), isInsights: edge == "insights") };
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
