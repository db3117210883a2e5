using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>A stop that has not been lifted.</summary>
public sealed record StopInForce
{
    /// <summary>Null: of all accounts.</summary>
    public Guid? SocialAccountId { get; init; }
    public required DateTimeOffset StoppedAt { get; init; }
    public required string StoppedBy { get; init; }
    public string? Reason { get; init; }

    /// <summary>What was active is still being paused.</summary>
    public required bool IsPausing { get; init; }
}

/// <summary>What may be spending: campaigns that are active, or may be, and what they may spend a day in hundredths of the currency.</summary>
public sealed record Active(long Campaigns, decimal DailyCents);

/// <summary>Reads for people how the stop switch stands; by what is in force or active, never by what once was.</summary>
public sealed class StopsInForce(NpgsqlDataSource dataSource)
{
    /// <summary>That of all accounts, and the account's own, where they are in force.</summary>
    public async Task<(StopInForce? OfAll, StopInForce? Own)> FindAsync(Guid? accountId, CancellationToken ct)
    {
        const string FindSql = """
            SELECT social_account_id, stopped_at, stopped_by, reason, job_id IS NOT NULL AS is_pausing FROM stops
            WHERE lifted_at IS NULL AND COALESCE(social_account_id, '00000000-0000-0000-0000-000000000000') IN ('00000000-0000-0000-0000-000000000000', @AccountId)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var stops = (await connection.QueryAsync<StopInForce>(new(FindSql, new { AccountId = accountId ?? Guid.Empty }, cancellationToken: ct))).AsList();
        return (stops.Find(stop => stop.SocialAccountId is null), stops.Find(stop => stop.SocialAccountId is not null));
    }

    /// <param name="accountId">Null: of all accounts, whose amounts are of different currencies and not to be added up.</param>
    public async Task<Active> ReadActiveAsync(Guid? accountId, CancellationToken ct)
    {
        const string AccountSql = "SELECT count(*) AS campaigns, COALESCE(sum(daily_cents), 0) AS daily_cents FROM activations WHERE state IN ('activating', 'active') AND social_account_id = @AccountId";
        const string AllSql = "SELECT count(*) AS campaigns, 0::numeric AS daily_cents FROM activations WHERE state IN ('activating', 'active')";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (campaigns, cents) = await connection.QuerySingleAsync<(long, decimal)>(new(accountId is null ? AllSql : AccountSql, new { AccountId = accountId }, cancellationToken: ct));
        return new(campaigns, cents);
    }

    /// <summary>Campaigns that a stop has paused and a start may activate again.</summary>
    public async Task<long> CountPausedAsync(Guid? accountId, CancellationToken ct)
    {
        const string AccountSql = "SELECT count(*) FROM activations WHERE state = 'paused' AND social_account_id = @AccountId";
        const string AllSql = "SELECT count(*) FROM activations WHERE state = 'paused'";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(accountId is null ? AllSql : AccountSql, new { AccountId = accountId }, cancellationToken: ct));
    }
}
