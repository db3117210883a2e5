using System.Data;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>
/// Decides about every pool whose night's numbers are there, once a night. Reading is some statements for a hundred pools, writing is one; whoever dies leaves a hundred decided or not, and those are decided by the next run.
/// A pool whose numbers have not come by noon is told so.
/// </summary>
internal sealed class ProposeBudgets(NpgsqlDataSource dataSource, PictureReader reader, InsightsOptions insights, TimeProvider time, ILogger<ProposeBudgets> logger)
{
    private const int AtOnce = 100;

    public async Task<JobOutcome> ExecuteAsync(CancellationToken ct)
    {
        var due = await DueAsync(ct);
        foreach (var pools in due.Chunk(AtOnce)) await DecideAsync(pools, ct);
        return new JobOutcome.Completed();
    }

    /// <summary>Pools whose last day was read whole and of which that night's decision is not there. While an account is synced its numbers are of two nights; a sync that holds it until noon is told.</summary>
    private async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken ct)
    {
        const string DueSql = $"""
            UPDATE budget_proposals q SET state = 'lapsed', state_why = @Lapsed, completed_at = @Now FROM budget_pools p JOIN social_accounts a ON a.id = p.social_account_id
            WHERE q.pool_id = p.id AND q.state = 'asked' AND q.day < (@Now AT TIME ZONE known_zone(a.timezone_name))::date;
            SELECT p.id, a.timezone_name FROM budget_pools p JOIN social_accounts a ON a.id = p.social_account_id CROSS JOIN LATERAL (SELECT (@Now AT TIME ZONE known_zone(a.timezone_name)) AS at) n
            LEFT JOIN LATERAL (
                SELECT d.date_start AS basis FROM insight_days d WHERE d.social_account_id = a.id AND d.date_start < n.at::date AND {PoolNumbers.IsRead} ORDER BY d.date_start DESC LIMIT 1) l ON true
            WHERE a.retired_at IS NULL AND (l.basis = n.at::date - 1 OR n.at::time >= '12:00') AND (l.basis IS DISTINCT FROM n.at::date - 1 OR NOT EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.holding))
              AND NOT EXISTS (SELECT 1 FROM budget_proposals q WHERE q.pool_id = p.id AND q.day = n.at::date AND q.state <> 'void' AND q.basis IS NOT DISTINCT FROM l.basis)
            ORDER BY p.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var due = await connection.QueryAsync<(Guid Id, string Zone)>(new(DueSql, new { Now = time.GetUtcNow(), Lapsed = "nobody accepted it on its day", NightlyAt = insights.NightlyTime.ToTimeSpan() }, cancellationToken: ct));
        return [.. due.Where(pool => AccountZones.IsKnown(pool.Zone)).Select(pool => pool.Id)];
    }

    private async Task DecideAsync(Guid[] pools, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        IReadOnlyList<IReadOnlyList<SeenPool>> seen;
        // All that a decision rests on is of one moment: a sync that begins meanwhile is seen whole or not at all.
        await using (var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct))
        {
            seen = await reader.ReadAsync(connection, transaction, await BudgetPoolStore.ListAsync(connection, transaction, pools, ct), now, daysBack: 0, ct);
        }

        var decided = seen.Select(days => days[^1]).Where(pool => !pool.Picture.IsSyncing || pool.Picture.LastDay != pool.Picture.Today.AddDays(-1)).Select(pool => (pool, DecidePool.Of(pool.Picture))).ToList();
        var written = await ProposalStore.InsertAsync(connection, decided, now, ct);
        await ProposalStore.ObserveAsync(connection, pools, now, ct);
        BudgetLog.Decided(logger, decided.Count, decided.Count(one => one.Item2.IsProposed), written);
    }
}
