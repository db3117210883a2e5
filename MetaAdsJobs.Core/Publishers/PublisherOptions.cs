using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Publishers;

public sealed class PublisherOptions
{
    public const string Section = "Publishers";

    /// <summary>CLIP_EVENTS_KEEP_DAYS: days for which the log of events is kept, and a message that comes again is known by its webhook-id. Default 30, at least 7.</summary>
    [Range(7, 365)]
    public int KeepDays { get; set; } = 30;
}
