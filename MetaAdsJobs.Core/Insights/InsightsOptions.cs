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

    internal TimeOnly NightlyTime => TimeOnly.ParseExact(NightlySyncAt, "HH:mm", CultureInfo.InvariantCulture);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TimeOnly.TryParseExact(NightlySyncAt, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            yield return new("must be a time of day such as 03:00", [nameof(NightlySyncAt)]);
    }
}
