namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>The things an orchestration creates or does at Meta, in their order. Names are stored and shown: they never change.</summary>
internal static class StepName
{
    public const string Campaign = "campaign";
    public const string AdSet = "adset";
    public const string Media = "media";
    public const string Creative = "creative";
    public const string Ad = "ad";
    public const string Activate = "activate";
    public const string Validate = "validate";

    /// <summary>
    /// The steps one request needs: activate only when asked to publish; a request that is only to be judged has one of its own.
    /// </summary>
    /// <param name="media">False for old runs of a video that was at Meta: nobody awaited it.</param>
    public static IReadOnlyList<string> For(bool media, bool autoPublish, bool validateOnly) => validateOnly ? [Validate] :
    [
        Campaign, AdSet,
        .. media ? [Media] : Array.Empty<string>(),
        Creative, Ad,
        .. autoPublish ? [Activate] : Array.Empty<string>(),
    ];
}

internal static class StepState
{
    public const string Pending = "pending";
    public const string Started = "started";
    public const string Confirmed = "confirmed";
    public const string Deleted = "deleted";
    public const string Left = "left";
}
