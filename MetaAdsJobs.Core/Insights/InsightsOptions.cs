using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace MetaAdsJobs.Core.Insights;

public sealed class InsightsOptions : IValidatableObject
{
    public const string Section = "Insights";

    /// <summary>NIGHTLY_SYNC_AT: the time of day, in each account's own zone, at which its numbers are fetched. Default 03:00.</summary>
    [Required]
    public string NightlySyncAt { get; set; } = "03:00";

    /// <summary>INSIGHTS_LOOKBACK_DAYS: how many days before today are fetched again every night; Meta restates 28. Default 28.</summary>
    [Range(1, 1100)]
    public int LookbackDays { get; set; } = 28;

    /// <summary>Ranges of at most so many days are read at once; longer ones Meta prepares in the background. Default 7.</summary>
    [Range(0, 90)]
    public int DirectDays { get; set; } = 7;

    /// <summary>Minutes without progress after which a report is asked for again. Default 10.</summary>
    [Range(1, 240)]
    public int StallMinutes { get; set; } = 10;

    /// <summary>
    /// INSIGHTS_OUTAGE_HOURS: for so long a sync waits for a Meta that cannot be reached, only answers that something of its own is down, or does not show what it is asked for; then its
    /// retries begin. Default 6.
    /// </summary>
    [Range(0, 72)]
    public int OutageHours { get; set; } = 6;

    /// <summary>Days are stored in commits of whole days that share one up to so many rows. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int RowsPerCommit { get; set; } = 20_000;

    internal TimeSpan OutagePatience => TimeSpan.FromHours(OutageHours);
    internal TimeOnly NightlyTime => TimeOnly.ParseExact(NightlySyncAt, "HH:mm", CultureInfo.InvariantCulture);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TimeOnly.TryParseExact(NightlySyncAt, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            yield return new("must be a time of day such as 03:00", [nameof(NightlySyncAt)]);
    }
}
