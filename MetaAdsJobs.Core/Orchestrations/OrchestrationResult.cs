using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Orchestrations.Judging;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>The seed's OrchestrationResult, and where the run stands.</summary>
public sealed record OrchestrationResult
{
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }

    /// <summary>The first that is shown; null when there are only existing posts.</summary>
    public required Guid? ClipId { get; init; }
    public required string CampaignName { get; init; }

    /// <summary>Who asked for it: a user's mail, or a token's subject.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>The name of the key by which it was asked for; null: by none.</summary>
    public string? RequestedKey { get; init; }

    /// <summary>Who cancelled or retried it last, or took its clip; null: nobody.</summary>
    public string? OrderedBy { get; init; }

    /// <summary>The name of the key by which they did; null: by none.</summary>
    public string? OrderedKey { get; init; }

    /// <summary>True when the ad was built and its first numbers were synced; for validate_only, when nothing that was checked was refused.</summary>
    public required bool OverallSuccess { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>From the first attempt to the end; null until it has ended.</summary>
    public double? DurationSeconds { get; init; }
    public required CampaignCreation CampaignCreation { get; init; }

    /// <summary>The ad sets with their ads, in the order of the request; a request without ad_sets has one of each. Null for validate_only.</summary>
    public IReadOnlyList<AdSetResult>? AdSets { get; init; }

    /// <summary>The campaign that was there and was added to, or was adopted; absent of a run that made one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IntoResult? Into { get; init; }

    /// <summary>When what was asked for is to be activated; absent when no time was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ActivateAt { get; init; }

    /// <summary>The edits that activate it, where that waits for a time or for somebody's approval, or where it was added to a campaign; absent when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ActivationResult>? Activations { get; init; }

    /// <summary>Null until all was built.</summary>
    public InsightsSyncResult? InsightsSync { get; init; }

    /// <summary>Only for validate_only: what Meta said of each object; null until it was asked.</summary>
    public IReadOnlyList<ValidationFinding>? Validation { get; init; }
    public required IReadOnlyList<string> Errors { get; init; }

    /// <summary>queued, running, waiting, succeeded, failed or cancelled.</summary>
    public required string Status { get; init; }
    public required int Attempt { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public string? WaitReason { get; init; }
    public required IReadOnlyList<StepResult> Steps { get; init; }

    /// <summary>What Meta made of the first ad since: PAUSED, ACTIVE, PENDING_REVIEW, DISAPPROVED … Open text; null until it was looked at.</summary>
    public string? EffectiveStatus { get; init; }

    /// <summary>What Meta has against any of the objects.</summary>
    public IReadOnlyList<ResultIssue> Issues { get; init; } = [];
}

/// <param name="Status">The edit's: also missed, when its time had passed too long ago, and expired, when nobody has approved it in time.</param>
/// <param name="Reason">What it waits for, or why it has ended so.</param>
public sealed record ActivationResult(Guid EditId, string Status, DateTimeOffset? DueAt, string? Reason);

/// <param name="AdSetId">Meta's id of the ad set that ads were added to; null when ad sets were added.</param>
/// <param name="CampaignStatus">How the campaign itself is switched, as last known: ACTIVE, PAUSED, ARCHIVED or DELETED.</param>
/// <param name="Adopted">Nothing was made: the campaign was found at Meta and recorded.</param>
/// <param name="Edits">The edits that activate what was added (auto_publish), in their order: GET /meta/edits/{id} tells how far they are.</param>
/// <param name="Note">Why what was added is not shown, although it is whole; null otherwise.</param>
public sealed record IntoResult(string CampaignId, string? AdSetId, string CampaignStatus, bool Adopted, IReadOnlyList<Guid> Edits, string? Note);

/// <param name="Object">campaign, adset, creative or ad; of another than the first adset:2 or ad:2.1.</param>
public sealed record ResultIssue(string Object, string? Level, string? Code, string? Summary, string? Message);

/// <param name="Name">As the request gives it; null when it gives none.</param>
/// <param name="State">pending, started (perhaps at Meta), confirmed, deleted (undone) or left (could not be undone); given: it was there before.</param>
/// <param name="EffectiveStatus">Where it stands after Meta's own checks; null until it was looked at.</param>
public sealed record AdSetResult(string? Name, long? AdsetDbId, string? AdsetMetaId, string State, string? EffectiveStatus, IReadOnlyList<AdResult> Ads);

/// <inheritdoc cref="AdSetResult"/>
/// <param name="Kind">single, carousel, post, instagram_post, texts or placements.</param>
/// <param name="ClipId">The first of its clips; null of an existing post.</param>
/// <param name="ClipIds">All clips that it shows, each once.</param>
/// <param name="PostId">Of an existing post, on the page or on Instagram, as the request names it.</param>
public sealed record AdResult(string? Name, string Kind, Guid? ClipId, IReadOnlyList<Guid> ClipIds, string? PostId, long? AdDbId, string? AdMetaId, long? CreativeDbId, string? CreativeMetaId, string State, string? EffectiveStatus);

/// <summary>The campaign and the first ad set and ad of it: ids in our database once all is recorded, Meta's ids as they are confirmed.</summary>
public sealed record CampaignCreation
{
    public long? CampaignDbId { get; init; }
    public string? CampaignMetaId { get; init; }
    public long? AdsetDbId { get; init; }
    public string? AdsetMetaId { get; init; }
    public long? AdDbId { get; init; }
    public string? AdMetaId { get; init; }
    public long? CreativeDbId { get; init; }
    public string? CreativeMetaId { get; init; }
    public required bool Success { get; init; }
    public string? Error { get; init; }
}

/// <param name="EffectiveStatus">Where the object stands after Meta's own checks; null until it was looked at.</param>
/// <param name="State">pending, started (perhaps at Meta), confirmed, deleted (undone) or left (could not be undone).</param>
public sealed record StepResult(string Step, string State, string? MetaId, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, string? Error,
    string? EffectiveStatus = null)
{
    /// <summary>What it creates or does: campaign, adset, media, creative, ad, activate or validate.</summary>
    [JsonIgnore]
    public string Kind => StepName.KindOf(Step);

    /// <summary>Of which ad set, ad or clip, such as 2 or 2.3; empty for the first.</summary>
    [JsonIgnore]
    public string Number => Step[Kind.Length..].TrimStart(':');
}

/// <summary>One line of the list of runs.</summary>
public sealed record OrchestrationSummary
{
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required Guid? ClipId { get; init; }
    public required string CampaignName { get; init; }

    /// <summary>Who asked for it: a user's mail, or a token's subject; and the name of the key by which, null: by none.</summary>
    public required string RequestedBy { get; init; }
    public string? RequestedKey { get; init; }

    /// <summary>The same of who cancelled or retried it last, or took its clip; null: nobody.</summary>
    public string? OrderedBy { get; init; }
    public string? OrderedKey { get; init; }
    public required string Status { get; init; }
    public required int Attempt { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public string? WaitReason { get; init; }
    public required IReadOnlyList<string> Errors { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}
