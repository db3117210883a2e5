using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Reports;
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
