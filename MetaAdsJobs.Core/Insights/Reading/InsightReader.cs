using System.Runtime.CompilerServices;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>
/// Reads the stored numbers per day, in order of day and id, account by account when none is named, so that a cursor can go on where a
/// page ended.
/// </summary>
public sealed class InsightReader(NpgsqlDataSource dataSource, [FromKeyedServices(Connections.OfStreams)] NpgsqlDataSource streams)
{
    private const int LongSeconds = 600;

    public async Task<IReadOnlyList<InsightDay>> ListAsync(InsightFilter filter, InsightCursor? after, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var sql = InsightSql.Rows(filter, goesOn: after is not null, limited: true);
        return (await connection.QueryAsync<InsightDay>(new(sql, Parameters(filter, after, limit), cancellationToken: ct))).AsList();
    }

    /// <summary>What the whole filter adds up to, one total per currency.</summary>
    public async Task<IReadOnlyList<InsightTotal>> TotalAsync(InsightFilter filter, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<InsightTotal>(new(
            InsightSql.Totals(filter), Parameters(filter, null, null), commandTimeout: LongSeconds, cancellationToken: ct))).AsList();
    }

    /// <summary>Everything, row by row: memory does not grow with the range.</summary>
    public async IAsyncEnumerable<InsightDay> StreamAsync(InsightFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await streams.OpenConnectionAsync(ct);
        var sql = InsightSql.Rows(filter, goesOn: false, limited: false);
        await foreach (var day in connection.QueryUnbufferedAsync<InsightDay>(sql, Parameters(filter, null, null), commandTimeout: LongSeconds).WithCancellation(ct))
            yield return day;
    }

    private static object Parameters(InsightFilter filter, InsightCursor? after, int? limit) => new
    {
        filter.SocialAccountId, filter.CampaignId, filter.Since, filter.Until,
        AfterAccount = after?.SocialAccountId, AfterDay = after?.Day, AfterKey = after?.Key, Limit = limit, Scope = AccountScope.Accounts,
    };
}
