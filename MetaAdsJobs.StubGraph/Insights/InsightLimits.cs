using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Insights;

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
