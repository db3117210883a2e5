using Dapper;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>What the ads' reports told of a day, added up before it is stored.</summary>
internal sealed record StagedDay(DateOnly Day, long Rows, long Ads, decimal? AdsSpend);

/// <summary>
/// Finds the days whose ads do not add up to what Meta says of the account, or cannot be held against it, and those that are still counted on and have ads which the
/// reports no longer show. Of them it has the deleted and archived ads reported, which Meta leaves out unless they are named: once in a sync.
/// </summary>
internal sealed class MissingAds(NpgsqlDataSource dataSource, ReportJournal journal, InsightsOptions options)
{
    // More than so many stretches of days are asked for as one.
    private const int MostReports = 20;

    public async Task<IReadOnlyList<StagedDay>> ReadDaysAsync(SyncClaim claim, CancellationToken ct)
    {
        const string DaysSql = """
            SELECT date_start AS day, count(*) AS rows, count(*) FILTER (WHERE definition_id = 0) AS ads, sum(spend) FILTER (WHERE definition_id = 0) AS ads_spend
            FROM insight_staging WHERE sync_id = @SyncId GROUP BY 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StagedDay>(new(DaysSql, new { claim.SyncId }, commandTimeout: 600, cancellationToken: ct))).AsList();
    }

    /// <param name="told">The account's spend by Meta; a day of which it did not tell is missing.</param>
    /// <returns>The reports to be read as well before anything is stored; none when all agrees, or has been asked for.</returns>
    public async Task<IReadOnlyList<SyncReport>> AskAsync(
        SyncClaim claim, IReadOnlyList<SyncReport> reports, IReadOnlyList<StagedDay> staged, IReadOnlyDictionary<DateOnly, decimal> told, CancellationToken ct)
    {
        if (claim.StoredUntil is not null || reports.Any(report => report.Scope == ReportScope.Deleted)) return [];
        var found = await FindAsync(claim, reports, staged, told, ct);
        if (found.Count == 0) return [];
        var ranges = Stretches(found);
        if (ranges.Count > MostReports) ranges = [new(found[0], found[^1])];
        var next = reports.Max(report => report.No) + 1;
        string[] refused = [.. reports.Where(report => report.DefinitionId == SyncReport.OfAds).SelectMany(report => report.RefusedFields).Distinct()];
        List<SyncReport> asked = [.. ranges.Select((days, at) =>
            SyncReport.Plan(next + at, SyncReport.OfAds, days, days.Days <= options.DirectDays ? ReportMode.Direct : ReportMode.Async) with { Scope = ReportScope.Deleted, RefusedFields = refused })];
        await journal.AddAsync(claim, asked, ct);
        return asked;
    }

    private async Task<List<DateOnly>> FindAsync(
        SyncClaim claim, IReadOnlyList<SyncReport> reports, IReadOnlyList<StagedDay> staged, IReadOnlyDictionary<DateOnly, decimal> told, CancellationToken ct)
    {
        const string SettingsSql = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";
        var today = AccountDays.Today(claim.TimezoneName, claim.StartedAt);
        var untold = UnansweredParts.In([.. reports.Where(report => report.DefinitionId == SyncReport.OfAds)], claim.Range).DaysOfAccount;
        var byDay = staged.ToDictionary(day => day.Day);
        var over = Enumerable.Range(0, claim.Range.Days).Select(claim.Range.Since.AddDays).Where(day => day < today && !untold.Contains(day)).ToList();
        var differing = over.Where(day => Differs(day, 0, 0)).ToHashSet();
        // Of these a night reads every other ad again: results are put down to them still, of an ad that was deleted or archived since as well.
        var counted = over.Where(day => claim.IsNightly || day >= today.AddDays(-options.LookbackDays)).ToHashSet();
        DateOnly[] days = [.. differing.Union(counted)];
        if (days.Length == 0) return [];

        // What is known of ads that Meta has stopped to tell of is kept, and may be all the difference.
        const string KnownSql = """
            SELECT t.date_start, count(*), COALESCE(sum(t.spend), 0)
            FROM meta_ad_insights t
            WHERE t.social_account_id = @AccountId AND t.date_start = ANY(@Days)
                AND NOT EXISTS (SELECT 1 FROM insight_staging s WHERE s.sync_id = @SyncId AND s.date_start = t.date_start AND s.object_id = t.ad_meta_id AND s.definition_id = 0)
            GROUP BY 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // As in StoreDays: PostgreSQL takes what is staged for little.
        await connection.ExecuteAsync(new(SettingsSql, transaction: transaction, cancellationToken: ct));
        var known = (await connection.QueryAsync<(DateOnly Day, long Rows, decimal Spend)>(
            new(KnownSql, new { claim.AccountId, claim.SyncId, Days = days }, transaction, commandTimeout: 600, cancellationToken: ct))).AsList();
        foreach (var (day, rows, spend) in known)
            if (!Differs(day, rows, spend)) differing.Remove(day);
        // From the first of them to the last: days in a row are one report.
        var unshown = known.Select(one => one.Day).Where(counted.Contains).ToList();
        return [.. over.Where(day => differing.Contains(day) || (unshown.Count > 0 && day >= unshown.Min() && day <= unshown.Max()))];

        // One of which Meta has not told the account's spend may.
        bool Differs(DateOnly day, long moreRows, decimal moreSpend)
        {
            if (!told.TryGetValue(day, out var spent)) return true;
            var ads = byDay.GetValueOrDefault(day);
            var rounding = Reconciliation.Rounding(claim.Currency, (ads?.Ads ?? 0) + moreRows);
            return Math.Abs(spent - (ads?.AdsSpend ?? 0) - moreSpend) > rounding;
        }
    }

    private static List<DayRange> Stretches(List<DateOnly> days)
    {
        var stretches = new List<DayRange>();
        foreach (var day in days)
        {
            if (stretches.Count > 0 && stretches[^1].Until.AddDays(1) == day) stretches[^1] = new(stretches[^1].Since, day);
            else stretches.Add(new(day, day));
        }

        return stretches;
    }
}
