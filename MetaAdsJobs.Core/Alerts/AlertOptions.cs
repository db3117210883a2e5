using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Alerts;

public sealed class AlertOptions
{
    public const string Section = "Alerts";

    /// <summary>ALERTS_KEEP_DAYS: days for which alerts that are over are kept, and why rules acted or not. Default 90.</summary>
    [Range(1, 730)]
    public int KeepDays { get; set; } = 90;
}
