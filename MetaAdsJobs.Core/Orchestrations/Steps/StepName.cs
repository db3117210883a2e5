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

    /// <summary>What has to be confirmed before a step begins. All that can begin are under way together.</summary>
    public static IReadOnlyList<string> NeedsOf(string step) => step switch
    {
        AdSet => [Campaign],
        // It uses nothing of the campaign; but of a campaign that Meta refuses nothing is to be left to undo.
        Creative => [Campaign, Media],
        // Media again: at a retry it is looked at anew, while all that was made with it may be there.
        Ad => [AdSet, Creative, Media],
        Activate => [Ad, Media],
        _ => [],
    };

    /// <summary>By one POST that must never be repeated blindly; all others may be done again from the start.</summary>
    public static bool IsCreate(string step) => step is Campaign or AdSet or Creative or Ad;
}

internal static class StepState
{
    public const string Pending = "pending";
    public const string Started = "started";
    public const string Confirmed = "confirmed";
    public const string Deleted = "deleted";
    public const string Left = "left";
}
