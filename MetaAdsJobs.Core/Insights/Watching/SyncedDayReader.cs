using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Insights.Reading;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Watching;

/// <summary>One account's day: when it was last read, what it adds up to, and whether Meta's own sum for the account agrees.</summary>
public sealed record SyncedDay
{
    public required DateOnly Date { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required DateTimeOffset SyncedAt { get; init; }
    public required Guid SyncId { get; init; }

    /// <summary>It was not over when it was read, or Meta has never told all of it.</summary>
    public required bool IsPartial { get; init; }

    /// <summary>Of the rows that the report held; those that vanished come beside.</summary>
    public required long Rows { get; init; }
    public required decimal Spend { get; init; }
    public required long VanishedRows { get; init; }
    public required decimal VanishedSpend { get; init; }

    /// <summary>What Meta says of the account as a whole; null when it did not.</summary>
    public decimal? AccountSpend { get; init; }

    /// <summary>account_spend less what the ads add up to, beyond rounding; zero when they agree.</summary>
    public decimal? Difference { get; init; }
}

/// <summary>Which days: of one account, or of all those that differ from Meta's own sum. Days are inclusive.</summary>
public sealed record SyncedDayFilter(Guid? SocialAccountId, DateOnly? Since, DateOnly? Until, bool Differing);

/// <summary>Reads accounts' days, newest first.</summary>
public sealed class SyncedDayReader(NpgsqlDataSource dataSource)
{
    /// <param name="before">Day and account of the last item of the page before.</param>
    public async Task<IReadOnlyList<SyncedDay>> ListAsync(SyncedDayFilter filter, (DateOnly Day, Guid Account)? before, int limit, CancellationToken ct)
    {
        var conditions = new List<string> { "true" };
        if (filter.SocialAccountId is not null) conditions.Add("social_account_id = @SocialAccountId");
        if (filter.Since is not null) conditions.Add("date_start >= @Since");
        if (filter.Until is not null) conditions.Add("date_start <= @Until");
        AccountScope.AddTo(conditions, "social_account_id");
        if (filter.Differing) conditions.Add("difference <> 0");
        if (before is not null) conditions.Add("(date_start, social_account_id) < (@BeforeDay, @BeforeAccount)");
        var listSql = $"""
            SELECT date_start AS date, social_account_id, synced_at, sync_id, {NumberSql.IsPartial} AS is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference
            FROM insight_days d
            WHERE {string.Join(" AND ", conditions)}
            ORDER BY date_start DESC, social_account_id DESC LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SyncedDay>(new(listSql, new
        {
            filter.SocialAccountId, filter.Since, filter.Until, BeforeDay = before?.Day, BeforeAccount = before?.Account, Limit = limit, Scope = AccountScope.Accounts,
        }, cancellationToken: ct))).AsList();
    }
}
