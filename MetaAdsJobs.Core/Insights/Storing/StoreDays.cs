using Dapper;
using MetaAdsJobs.Core.Insights.Reports;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// Moves a whole sync from the staging table into the tables, day by day: a day's rows, its history, what vanished, its
/// sums and reconciliation and the sync's progress are one commit, so that every day is always as one report told it. Small days share one.
/// Died in between: the days before are stored, and the next run goes on behind them.
/// </summary>
internal sealed class StoreDays(NpgsqlDataSource dataSource, InsightStore insights, CampaignDays campaignDays, Reconciliation reconciliation, SyncStore store, InsightsOptions options, TimeProvider time, ILogger<StoreDays> logger)
{
    private const int AtOnce = 2;

    /// <param name="staged">What there is of each day.</param>
    /// <returns>Null when the sync has ended.</returns>
    /// <exception cref="Claims.FencedException">Another attempt holds the sync.</exception>
    public async Task<Pause?> StoreAsync(
        SyncClaim claim, IReadOnlyList<SyncReport> reports, IReadOnlyList<StagedDay> staged, AccountSpend told, TimeSlice slice, CancellationToken ct)
    {
        var refused = reports.Where(report => report.State == ReportState.Refused).Select(report => report.DefinitionId).ToHashSet();
        var definitions = reports.Select(report => report.DefinitionId).Where(id => id != SyncReport.OfAds && !refused.Contains(id)).Distinct().ToArray();
        var untold = UnansweredParts.In(reports, claim.Range);
        // Sums are of the ads: what a definition of somebody lacks is not lacking in them.
        var untoldOfAds = UnansweredParts.In([.. reports.Where(report => report.DefinitionId == SyncReport.OfAds)], claim.Range);
        var today = AccountDays.Today(claim.TimezoneName, claim.StartedAt);

        // In the order of the days, but while one group is written the next is already read and compared.
        var storing = new List<Task>();
        try
        {
            foreach (var days in Group(claim, staged))
            {
                if (storing.Count >= AtOnce) await storing[^AtOnce];
                // Never before the first group: every run gets further, however long the first question took.
                if (storing.Count > 0 && slice.IsOver) return Pause.BehindTheOthers(time.GetUtcNow());
                // Had here, and not in the group: one that holds a connection never waits for one that has none.
                var connection = await dataSource.OpenConnectionAsync(ct);
                storing.Add(StoreGroupAsync(connection, days, behind: storing.LastOrDefault() ?? Task.CompletedTask));
            }
        }
        finally
        {
            await Task.WhenAll(storing);
        }

        // The sync has ended, and its lease with it. What a crash leaves here the sweep clears.
        await using var clearing = await dataSource.OpenConnectionAsync(CancellationToken.None);
        await Staging.ClearAsync(clearing, null, claim.SyncId, reportNo: null, CancellationToken.None);
        return null;

        async Task StoreGroupAsync(NpgsqlConnection opened, DayRange days, Task behind)
        {
            await using var connection = opened;
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var isLast = days.Until == claim.Range.Until;
            await PrepareAsync(connection, transaction, isLast, ct);
            var ads = await insights.UpsertAdsAsync(connection, transaction, claim, days, today, untold, ct);
            await campaignDays.StoreAsync(connection, transaction, claim.AccountId, days, today, untoldOfAds, ct);
            var cells = definitions.Length == 0 ? default : await insights.UpsertRowsAsync(connection, transaction, claim, days, today, definitions, untold, ct);
            var differing = await reconciliation.StoreAsync(connection, transaction, claim, days, today, untoldOfAds, told.ByDay, ct);
            // Progress says up to which day all is stored: no day before another's.
            await behind;
            await store.StoredAsync(connection, transaction, claim, days.Until, ads.Restated + cells.Restated, ads.Vanished + cells.Vanished, told.LeftOut, isLast, ct);
            await transaction.CommitAsync(ct);
            foreach (var day in differing) InsightLog.Differs(logger, claim.AccountId, day.Date, day.AccountSpend, day.AdsSpend, claim.Currency);
        }
    }

    // Rows are staged and gone before PostgreSQL has statistics of them: it would take them for few and loop over all for each, or go through all
    // that is staged for each group of days. Until the last commit nothing is lost that a crash would not undo together with the progress it stands for.
    private static Task<int> PrepareAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, bool isLast, CancellationToken ct) =>
        connection.ExecuteAsync(new(
            $"SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off{(isLast ? "" : "; SET LOCAL synchronous_commit = off")}",
            transaction: transaction, cancellationToken: ct));

    /// <summary>The days that are not stored yet, in groups of so many rows.</summary>
    private List<DayRange> Group(SyncClaim claim, IReadOnlyList<StagedDay> staged)
    {
        var counts = staged.ToDictionary(one => one.Day, one => one.Rows);
        var groups = new List<DayRange>();
        var since = claim.StoredUntil?.AddDays(1) ?? claim.Range.Since;
        var rows = 0L;
        for (var day = since; day <= claim.Range.Until; day = day.AddDays(1))
        {
            var more = counts.GetValueOrDefault(day);
            if (rows > 0 && rows + more > options.RowsPerCommit)
            {
                groups.Add(new(since, day.AddDays(-1)));
                (since, rows) = (day, 0);
            }

            rows += more;
        }

        groups.Add(new(since, claim.Range.Until));
        return groups;
    }
}
