using System.Data;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>Which runs the API lists. <paramref name="Search"/> is a part of a campaign's name, or a whole request id; days are UTC, of when a run was asked for.</summary>
public sealed record SummaryFilter(OrchestrationStatus? Status, Guid? SocialAccountId, string? Search, Guid? ClipId = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null, string? RequestedBy = null, string? RequestedKey = null);

/// <summary>One page of the API's list.</summary>
/// <param name="Next">The cursor of the page after it; null on the last one.</param>
public sealed record SummaryPage(IReadOnlyList<OrchestrationSummary> Items, Guid? Next);

/// <summary>Lists runs for programs: newest first, a page at a time, none of those the filter fits left out.</summary>
/// <param name="mostSearched">Runs whose names one page compares.</param>
public sealed class RunSummaries(NpgsqlDataSource dataSource, int mostSearched = RunSummaries.MostSearched)
{
    /// <summary>So many names are compared within some tens of milliseconds. A page that finds too few among them leads on to the next.</summary>
    public const int MostSearched = 50_000;

    /// <param name="before">The cursor of the page before.</param>
    public async Task<SummaryPage> ListAsync(SummaryFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        var isById = Guid.TryParse(filter.Search, out _);
        var runs = new RunFilter(filter.Status, filter.SocialAccountId, isById ? filter.Search : null, filter.Since, filter.Until) { ClipId = filter.ClipId, ChangedSince = filter.ChangedSince, RequestedBy = filter.RequestedBy, RequestedKey = filter.RequestedKey };
        var isByName = filter.Search is not null && !isById;
        // What the limit keeps out is not read: the rows come in the order of an index.
        var listSql = $"""
            SELECT request_id, social_account_id, clip_id, campaign_name, requested_by, requested_key, ordered_by, ordered_key, status, attempt, next_attempt_at, wait_reason, ARRAY(SELECT jsonb_array_elements_text(errors)) AS errors,
                   accepted_at, started_at, completed_at
            FROM ({(isByName ? $"SELECT * FROM orchestrations o {runs.Where(before)} ORDER BY o.request_id DESC LIMIT {mostSearched}" : runs.Newest(before, "@Limit"))}) o
            {(isByName ? "WHERE campaign_name ILIKE @Name" : "")}
            ORDER BY request_id DESC LIMIT @Limit
            """;
        var parameters = runs.Parameters(before, limit + 1);
        parameters.Add("Name", isByName ? $"%{Like(filter.Search!)}%" : null);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        // Both statements see the same runs: else one that changes its state in between would move the end of what was compared.
        await using var snapshot = isByName ? await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct) : null;
        var found = (await connection.QueryAsync<OrchestrationSummary>(new(listSql, parameters, cancellationToken: ct))).AsList();
        if (found.Count > limit) return new([.. found.Take(limit)], found[limit - 1].RequestId);
        if (!isByName) return new(found, null);
        var searchedToSql = $"SELECT o.request_id FROM orchestrations o {runs.Where(before)} ORDER BY o.request_id DESC OFFSET {mostSearched - 1} LIMIT 1";
        return new(found, await connection.QuerySingleOrDefaultAsync<Guid?>(new(searchedToSql, parameters, cancellationToken: ct)));
    }

    private static string Like(string text) => text.Replace(@"\", @"\\", StringComparison.Ordinal)
        .Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);
}
