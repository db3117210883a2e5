using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>Reads a page of a report. Nothing is stored: the rows follow from the ads and the days.</summary>
internal sealed class StubInsights(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int LongestPage = 5000;

    private readonly StubAccounts _accounts = new(dataSource);
    private readonly StubNodes _nodes = new(dataSource, time);
    private readonly InsightSubjects _subjects = new(dataSource);

    /// <param name="nodeId">act_ and digits, or the id of a campaign, ad set or ad. Null when there is no such node.</param>
    public async Task<InsightNode?> FindNodeAsync(string nodeId, CancellationToken ct)
    {
        if (nodeId.StartsWith("act_", StringComparison.Ordinal))
            return new InsightNode(nodeId[4..], InsightLevel.Account, await _accounts.GetAsync(nodeId[4..], ct));

        return await _nodes.FindAsync(nodeId, ct) is { } found && InsightLevel.Named(found.Kind.Name) is { } level
            ? new InsightNode(nodeId, level, await _accounts.GetAsync(found.AccountId, ct))
            : null;
    }

    public StubRefusal? Refuse(InsightNode node, StubCall call) =>
        InsightQuery.Refuse(call, node.Level, InsightMoment.At(node.Local(time.GetUtcNow()), 0).Today, out _);

    /// <summary>Whether a test has set a limit that this report, asked for at that time, does not keep.</summary>
    public async Task<bool> IsTooMuchAsync(InsightNode node, StubCall call, DateTimeOffset askedAt, CancellationToken ct)
    {
        var limits = await InsightLimits.FindAsync(dataSource, node.Account.AccountId, ct);
        var today = InsightMoment.At(node.Local(askedAt), 0).Today;
        return InsightQuery.Refuse(call, node.Level, today, out var query) is null && await IsTooMuchAsync(node, query, limits, today, ct);
    }

    /// <summary>A page of the report as it is now.</summary>
    public async Task<StubAnswer> ReadAsync(InsightNode node, StubCall call, CancellationToken ct)
    {
        var limits = await InsightLimits.FindAsync(dataSource, node.Account.AccountId, ct);
        var moment = InsightMoment.At(node.Local(time.GetUtcNow()), limits.Generation);
        if (InsightQuery.Refuse(call, node.Level, moment.Today, out var query) is { } refusal)
            return refusal.ToAnswer();

        return await IsTooMuchAsync(node, query, limits, moment.Today, ct)
            ? InsightLimits.TooMuch.ToAnswer()
            : await ReadAsync(node, call, query, moment, ct);
    }

    /// <summary>A page of the report as it was when it was asked for.</summary>
    public async Task<StubAnswer> ReadAsync(InsightNode node, StubCall call, DateTimeOffset askedAt, int generation, CancellationToken ct)
    {
        var moment = InsightMoment.At(node.Local(askedAt), generation);
        return InsightQuery.Refuse(call, node.Level, moment.Today, out var query) is { } refusal
            ? refusal.ToAnswer()
            : await ReadAsync(node, call, query, moment, ct);
    }

    private async Task<StubAnswer> ReadAsync(InsightNode node, StubCall call, InsightQuery query, InsightMoment moment, CancellationToken ct)
    {
        if (StubPage.Refuse(call, LongestPage, out var page) is { } refusal)
            return refusal.ToAnswer();

        var report = new ReportPage(node.Account, query, moment, page);
        var subjects = report.RowsPerSubject == 0 ? [] : await _subjects.ListAsync(node, query, report.From, report.SubjectsNeeded, ct);
        return StubAnswer.Ok(json => report.Write(json, call, subjects), report.LikelyBytes(subjects.Count));
    }

    private async Task<bool> IsTooMuchAsync(InsightNode node, InsightQuery query, InsightLimits limits, DateOnly today, CancellationToken ct)
    {
        if (limits.Cells is null)
            return false;

        var (subjects, hasPoisonAd) = await _subjects.CountAsync(node, query, limits.PoisonAd, ct);
        return limits.Exceeds(subjects, hasPoisonAd, query, today);
    }
}

/// <summary>What a test has told about an account's reports; nothing, for most.</summary>
internal sealed record InsightLimits(int Generation, int? Cells, string? PoisonAd, string? PoisonField)
{
    private const string TooMuchMessage = "Please reduce the amount of data you're asking for, then retry your request";

    public static readonly StubRefusal TooMuch = new(100, TooMuchMessage)
    {
        Subcode = 1487534,
        UserTitle = "Too much data",
        UserMessage = TooMuchMessage,
    };

    private const string FindSql = """
        SELECT coalesce((SELECT generation FROM stub_graph.restatements WHERE account_id = $1), 0), limits.cells, limits.poison_ad, limits.poison_field
        FROM (SELECT) AS one LEFT JOIN stub_graph.insight_limits limits ON limits.account_id = $1
        """;

    public static async Task<InsightLimits> FindAsync(NpgsqlDataSource dataSource, string accountId, CancellationToken ct)
    {
        await using var command = dataSource.With(FindSql, accountId);
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return new InsightLimits(
            rows.GetInt32(0),
            rows.IsDBNull(1) ? null : rows.GetInt32(1),
            rows.IsDBNull(2) ? null : rows.GetString(2),
            rows.IsDBNull(3) ? null : rows.GetString(3));
    }

    /// <param name="hasPoisonAd">The report is about <see cref="PoisonAd"/>, perhaps among others.</param>
    public bool Exceeds(long subjects, bool hasPoisonAd, InsightQuery query, DateOnly today)
    {
        var isPoisoned = hasPoisonAd && (PoisonField is null || query.Fields.Contains(PoisonField));
        var until = query.Range.Until < today ? query.Range.Until : today;
        var days = Math.Max(0, until.DayNumber - query.Range.Since.DayNumber + 1);
        return isPoisoned || subjects * days * query.Fields.Sum(Weight) > Cells;
    }

    private static int Weight(string field) => field switch
    {
        "actions" => 10,
        "date_start" or "date_stop" or "created_time" or "updated_time" => 0,
        "account_currency" or "objective" or "optimization_goal" or "buying_type" or "attribution_setting" => 0,
        _ when field.EndsWith("_id", StringComparison.Ordinal) || field.EndsWith("_name", StringComparison.Ordinal) => 0,
        _ => 1,
    };
}
