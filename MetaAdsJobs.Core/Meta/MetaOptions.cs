using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Meta;

public enum MetaMode
{
    /// <summary>What a host has plugged in answers in Meta's place. No money can be spent.</summary>
    Stub,

    /// <summary>Meta answers.</summary>
    Live,
}

public sealed class MetaOptions : IValidatableObject
{
    public const string Section = "Meta";

    /// <summary>META_ADS_MODE: stub (default) or live.</summary>
    public MetaMode Mode { get; set; } = MetaMode.Stub;

    /// <summary>META_GRAPH_URL: where the Graph API is; https, or http on this machine. Default https://graph.facebook.com.</summary>
    [Required]
    public Uri GraphUrl { get; set; } = new("https://graph.facebook.com");

    /// <summary>META_GRAPH_VIDEO_URL: where the files of videos are sent. Default Meta's own host for them, https://graph-video.facebook.com; with another META_GRAPH_URL that one.</summary>
    public Uri? GraphVideoUrl { get; set; }

    internal Uri VideoUrl => GraphVideoUrl ?? (GraphUrl.Host == "graph.facebook.com" ? new("https://graph-video.facebook.com") : GraphUrl);

    /// <summary>META_GRAPH_VERSION, default v26.0. Meta retires Marketing API versions within months: keep it in configuration.</summary>
    [RegularExpression(@"^v[0-9]+\.[0-9]+$", ErrorMessage = "must look like v26.0")]
    public string GraphVersion { get; set; } = "v26.0";

    /// <summary>META_APP_ID: the app whose token is used; with META_APP_SECRET, tokens are checked daily.</summary>
    public string? AppId { get; set; }

    /// <summary>META_APP_SECRET: when given, every call carries an appsecret_proof.</summary>
    public string? AppSecret { get; set; }

    /// <summary>Seconds until a connection must stand. Default 10.</summary>
    [Range(1, 60)]
    public int ConnectTimeoutSeconds { get; set; } = 10;

    /// <summary>Seconds until a call is given up; a create given up is "outcome unknown", never repeated blindly. Default 30.</summary>
    [Range(1, 300)]
    public int CallTimeoutSeconds { get; set; } = 30;

    /// <summary>Meta:AllowPrivateImageHosts: whether clips' images may be fetched from addresses that are not public. Default false: users give these URLs.</summary>
    public bool AllowPrivateImageHosts { get; set; }

    /// <summary>
    /// META_MUTATIONS_PER_SECOND: creates, updates and deletions a second in one ad account, over all worker processes. Default 50; Meta
    /// itself refuses more than 100 of one app.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MutationsPerSecond { get; set; } = 50;

    /// <summary>Only the app itself may ask Meta about tokens.</summary>
    public bool CanCheckTokens => AppId is { Length: > 0 } && AppSecret is { Length: > 0 };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        new[] { Judge(GraphUrl, nameof(GraphUrl)), GraphVideoUrl is null ? null : Judge(GraphVideoUrl, nameof(GraphVideoUrl)) }.OfType<ValidationResult>();

    private static ValidationResult? Judge(Uri url, string name) =>
        !url.IsAbsoluteUri || url.Scheme is not ("http" or "https") ? new("must be an absolute https URL, or http on this machine", [name])
        // Every call carries an access token that can spend money.
        : url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback ? new("must be https, unless it is on this machine", [name])
        : null;
}
