namespace MetaAdsJobs.Core.Events;

/// <summary>What can be told. Names stay what they are: receivers go by them.</summary>
public static class EventTypes
{
    /// <summary>A person tries a webhook out; sent to that one alone.</summary>
    public const string Test = "webhook.test";

    /// <summary>A webhook was switched off because its receiver had failed for long, or said that it is gone.</summary>
    public const string SwitchedOff = "webhook.switched_off";

    /// <summary>What a webhook may choose from; without a choice it hears all.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        "orchestration.succeeded", "orchestration.failed", "orchestration.cancelled", "edit.succeeded", "edit.failed", "edit.cancelled", "edit.missed", "edit.expired",
        "sync.succeeded", "sync.failed", SwitchedOff,
    ];
}
