using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Events;

public sealed class EventOptions
{
    public const string Section = "Events";

    /// <summary>EVENTS_SOURCE: what events say where they come from (CloudEvents' source, a URI). Default urn:metaadsjobs; give each installation its own.</summary>
    [Required]
    [RegularExpression("^[!-~]{1,200}$", ErrorMessage = "must be a URI of at most 200 characters")]
    public string Source { get; set; } = "urn:metaadsjobs";

    /// <summary>EVENTS_ALLOW_PRIVATE_HOSTS: whether events may be sent to addresses that are not public. Default false: users give these URLs.</summary>
    public bool AllowPrivateHosts { get; set; }

    /// <summary>EVENTS_ALLOW_HTTP: whether events may be sent without encryption. Default false.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>EVENTS_PUBLIC_URL: where people reach the console, such as https://ads.example.com: messages to Slack and by mail link to it. Default: none, and no links.</summary>
    [RegularExpression("^https?://[!-~]{1,200}$", ErrorMessage = "must be an address such as https://ads.example.com")]
    public string? PublicUrl { get; set; }

    /// <summary>Seconds until an attempt is given up. Default 15.</summary>
    [Range(1, 60)]
    public int TimeoutSeconds { get; set; } = 15;

    /// <summary>Days without anything received, while something waits, until a webhook is switched off. Default 5.</summary>
    [Range(1, 30)]
    public int SwitchOffDays { get; set; } = 5;

    /// <summary>EVENTS_KEEP_DAYS: days for which events and the log of their deliveries are kept, and can be replayed. Default 30.</summary>
    [Range(1, 365)]
    public int KeepDays { get; set; } = 30;
}
