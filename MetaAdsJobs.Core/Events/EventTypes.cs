namespace MetaAdsJobs.Core.Events;

/// <summary>What can be told. Names stay what they are: receivers go by them.</summary>
public static class EventTypes
{
    /// <summary>A person tries a webhook out; sent to that one alone.</summary>
    public const string Test = "webhook.test";

    /// <summary>A webhook was switched off because its receiver had failed for long, or said that it is gone.</summary>
    public const string SwitchedOff = "webhook.switched_off";

    /// <summary>An alert rule fires, after all was well.</summary>
    public const string AlertOpened = "alert.opened";

    /// <summary>It fires for more objects than were told of: once in its cooldown.</summary>
    public const string AlertUpdated = "alert.updated";

    /// <summary>All have been well for the cooldown, or the rule is off.</summary>
    public const string AlertResolved = "alert.resolved";

    /// <summary>An experiment has ended: with a winner, without a difference, or because it cannot be told.</summary>
    public const string ExperimentDecided = "experiment.decided";

    /// <summary>What a webhook may choose from; without a choice it hears all.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        "orchestration.succeeded", "orchestration.failed", "orchestration.cancelled", "edit.succeeded", "edit.failed", "edit.cancelled", "edit.missed", "edit.expired",
        "sync.succeeded", "sync.failed", AlertOpened, AlertUpdated, AlertResolved, ExperimentDecided, SwitchedOff,
    ];
}
