using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>How far what is being built at the moment has got.</summary>
/// <param name="Ended">Runs that ended within <see cref="UnderwayReader.Window"/>; at most <see cref="UnderwayReader.Most"/> are counted.</param>
/// <param name="Failed">Of those.</param>
/// <param name="Unended">Runs that are queued, running or waiting; counted as far as that too.</param>
public sealed record Underway(int Ended, int Failed, int Unended);

/// <summary>Counts what has just ended and what has not, for a bar that moves.</summary>
public sealed class UnderwayReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    public const int Most = 10_000;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    public async Task<Underway> ReadAsync(CancellationToken ct)
    {
        var countSql = $"""
            SELECT count(*)::int AS ended, (count(*) FILTER (WHERE status = 'failed'))::int AS failed,
                (SELECT count(*)::int FROM (SELECT 1 FROM orchestrations WHERE status IN ('queued', 'running', 'waiting'){AccountScope.And("social_account_id")} LIMIT @Most) u) AS unended
            FROM (SELECT status FROM orchestrations WHERE completed_at > @Since{AccountScope.And("social_account_id")} ORDER BY completed_at DESC LIMIT @Most) e
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<Underway>(new(countSql, new { Most, Scope = AccountScope.Accounts, Since = time.GetUtcNow() - Window }, cancellationToken: ct));
    }
}
