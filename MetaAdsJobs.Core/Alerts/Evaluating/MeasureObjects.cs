using Dapper;
using MetaAdsJobs.Core.Alerts.Rules;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>Asks the database how a rule's objects stand, now or so many days ago by what stands there now: one statement, however many objects.</summary>
internal static class MeasureObjects
{
    // Days on which somebody's calendar is ahead of or behind UTC, and the one by which numbers may be late.
    private const int Margin = 4;
    private const int TimeoutSeconds = 120;

    /// <param name="known">What the rule has something to say of: told in any case.</param>
    /// <param name="daysAgo">For days: as if the window had ended so many days earlier.</param>
    /// <param name="nightlyAt">NIGHTLY_SYNC_AT: a day that was read sooner after its end is not judged.</param>
    public static async Task<Measured> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, AlertRule rule, IReadOnlyCollection<WatchedKey> known, DateTimeOffset now, int daysAgo, TimeOnly nightlyAt, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var (window, median) = (rule.WindowDays ?? 0, rule.MedianDays ?? 0);
        var rows = (await connection.QueryAsync<Row>(new(MeasureSql.Of(rule), new
        {
            Now = now, rule.AccountIds, rule.CampaignIds, Window = window, Median = median, Hours = rule.WindowHours ?? 0, Ago = daysAgo, NightlyAt = nightlyAt.ToTimeSpan(), From = today.AddDays(-window - median - daysAgo - Margin), To = today.AddDays(1),
            Floor = rule.FloorLeast, rule.Threshold, ResolveAt = rule.ResolveAt ?? rule.Threshold, KnownAccounts = known.Select(key => key.AccountId).ToArray(), KnownObjects = known.Select(key => key.Object).ToArray(),
        }, transaction, commandTimeout: TimeoutSeconds, cancellationToken: ct))).AsList();
        return new(rows[0].Objects, rows[0].TooLittle, [.. rows.Where(row => row.Object is not null).Select(row => new Measurement
        {
            AccountId = row.AccountId, Object = row.Object!, Name = row.Name, Verdict = row.Verdict, Value = row.Value, Reference = row.Reference, DataAt = row.DataAt, DataDay = row.DataDay,
        })]);
    }

    private sealed record Row
    {
        public int Objects { get; init; }
        public int TooLittle { get; init; }
        public Guid AccountId { get; init; }
        public string? Object { get; init; }
        public string? Name { get; init; }
        public string Verdict { get; init; } = "";
        public decimal? Value { get; init; }
        public decimal? Reference { get; init; }
        public DateTimeOffset? DataAt { get; init; }
        public DateOnly? DataDay { get; init; }
    }
}
