using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>One value that a later report changed.</summary>
public sealed record Restatement
{
    public required DateOnly Date { get; init; }

    /// <summary>The ad, or what else the report is about.</summary>
    public required string ObjectId { get; init; }
    public string? AdId { get; init; }
    public string? CampaignId { get; init; }

    /// <summary>Null for the numbers of the ads.</summary>
    public string? Report { get; init; }
    public required JsonObject Breakdown { get; init; }
    public required string Metric { get; init; }
    public decimal? Old { get; init; }
    public decimal? New { get; init; }

    /// <summary>The old value was read while the day was not over: it grew, nothing was restated.</summary>
    public required bool WasPartial { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }

    internal RestatementCursor Cursor { get; init; } = null!;
}

/// <summary>One account's changes, or those of one of its campaigns. Days are inclusive.</summary>
/// <param name="ChangedSince">And those of some minutes before, which may have been committed since.</param>
public sealed record RestatementFilter(Guid SocialAccountId, string? CampaignId, DateOnly? Since, DateOnly? Until, DateTimeOffset? ChangedSince = null);

/// <summary>Where a page of restatements ended; no two have all of these.</summary>
public sealed record RestatementCursor(DateOnly Day, string ObjectId, DateTimeOffset ChangedAt, long DefinitionId, string Breakdown, string Metric)
{
    public static RestatementCursor After(Restatement restatement) => restatement.Cursor;
}

/// <summary>Reads the history of restated values: the newest day first, and of each object the newest change.</summary>
public sealed class RestatementReader(NpgsqlDataSource dataSource)
{
    // A change bears the time at which writing its days began, and is seen once they are committed: minutes later, of a large account. Who asked in between asks next for what came since.
    private const string WrittenWithin = "interval '15 minutes'";

    public async Task<IReadOnlyList<Restatement>> ListAsync(RestatementFilter filter, RestatementCursor? after, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(Sql(filter, after), new
        {
            filter.SocialAccountId, filter.CampaignId, filter.Since, filter.Until, filter.ChangedSince, AfterDay = after?.Day, AfterObject = after?.ObjectId, AfterMoment = after?.ChangedAt,
            AfterDefinition = after?.DefinitionId, AfterBreakdown = after?.Breakdown, AfterMetric = after?.Metric, Limit = limit,
        }, cancellationToken: ct));
        return [.. rows.Select(row => row.ToRestatement())];
    }

    internal static string Sql(RestatementFilter filter, RestatementCursor? after) => $"""
        SELECT c.date_start AS date, c.object_id, c.definition_id = 0 OR d.level = 'ad' AS is_ad, c.campaign_meta_id AS campaign_id, c.definition_id, d.name AS report,
            COALESCE(d.breakdowns, ARRAY[]::text[]) AS breakdown_names, c.breakdown, c.metric, c.old_value AS old, c.new_value AS new, c.was_partial, c.changed_at
        FROM insight_changes c LEFT JOIN report_definitions d ON d.id = c.definition_id
        WHERE c.social_account_id = @SocialAccountId
            {(filter.CampaignId is null ? "" : "AND c.campaign_meta_id = @CampaignId")}
            {(filter.Since is null ? "" : "AND c.date_start >= @Since")} {(filter.Until is null ? "" : "AND c.date_start <= @Until")} {(filter.ChangedSince is null ? "" : $"AND c.changed_at >= @ChangedSince - {WrittenWithin}")}
            {(after is null ? "" : $"AND c.date_start <= @AfterDay AND {GoesOn}")}
        ORDER BY c.date_start DESC, c.object_id DESC, c.changed_at DESC, c.definition_id DESC, c.breakdown DESC, c.metric DESC
        LIMIT @Limit
        """;

    private const string GoesOn = """
        (c.date_start, c.object_id, c.changed_at, c.definition_id, c.breakdown, c.metric)
            < (@AfterDay, @AfterObject, @AfterMoment, @AfterDefinition, @AfterBreakdown, @AfterMetric)
        """;

    private sealed record Row
    {
        public DateOnly Date { get; init; }
        public string ObjectId { get; init; } = "";
        public bool? IsAd { get; init; }
        public string? CampaignId { get; init; }
        public long DefinitionId { get; init; }
        public string? Report { get; init; }
        public IReadOnlyList<string> BreakdownNames { get; init; } = [];
        public string Breakdown { get; init; } = "";
        public string Metric { get; init; } = "";
        public decimal? Old { get; init; }
        public decimal? New { get; init; }
        public bool WasPartial { get; init; }
        public DateTimeOffset ChangedAt { get; init; }

        public Restatement ToRestatement() => new()
        {
            Date = Date, ObjectId = ObjectId, AdId = IsAd == true ? ObjectId : null, CampaignId = CampaignId, Report = Report,
            Breakdown = BreakdownValues.Name(BreakdownNames, Breakdown), Metric = Metric, Old = Old, New = New, WasPartial = WasPartial, ChangedAt = ChangedAt,
            Cursor = new(Date, ObjectId, ChangedAt, DefinitionId, Breakdown, Metric),
        };
    }
}
