using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>What can be done to a campaign, an ad set or an ad of ours. Publish switches on all that hangs on it, too, resume the object alone.</summary>
public enum EditKind
{
    Publish,
    Pause,
    Resume,
    Archive,
    Delete,
    Update,
}

/// <summary>Which object of a tree.</summary>
public enum EditLevel
{
    Campaign,
    Adset,
    Ad,
}

/// <summary>
/// What an update changes; absent fields stay as they are. Also what was found at Meta before. Budgets and bids are hundredths of the account's currency,
/// whatever Meta's own units are.
/// </summary>
public sealed record EditFields
{
    /// <summary>The readable name; the marker behind it stays.</summary>
    public string? Name { get; init; }
    public long? DailyBudgetCents { get; init; }
    public long? LifetimeBudgetCents { get; init; }

    /// <summary>Of an ad set.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Of an ad set.</summary>
    public long? BidAmountCents { get; init; }

    /// <summary>The budget that whoever asks believes to be there: with another at Meta, nothing is changed.</summary>
    public long? IfBudgetIs { get; init; }

    /// <summary>Of an ad set: whom to reach, instead of all that is there. As it is sent: with what the account and the app add.</summary>
    public JsonObject? Targeting { get; init; }

    /// <summary>With a targeting that reaches the EU: on whose behalf ads are shown there.</summary>
    public string? DsaBeneficiary { get; init; }

    /// <summary>The same: who pays.</summary>
    public string? DsaPayor { get; init; }

    /// <summary>Of an ad: what it shows, instead of what is there. Meta changes no creative: another is made, and the ad pointed to it.</summary>
    public AdRequest? Creative { get; init; }

    /// <summary>Found only: Meta's id of what the ad showed. It stays at Meta: other ads may show it, too.</summary>
    public string? CreativeId { get; init; }

    /// <summary>Found only: how the object itself was switched.</summary>
    public string? Status { get; init; }

    [JsonIgnore]
    public long? BudgetCents => DailyBudgetCents ?? LifetimeBudgetCents;

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static EditFields FromJson(string json) => JsonSerializer.Deserialize<EditFields>(json, Json)!;
}

/// <summary>One edit and how far it has got.</summary>
public sealed record CampaignEdit
{
    public required Guid EditId { get; init; }
    public required Guid SocialAccountId { get; init; }

    /// <summary>The run that made the campaign.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>Meta's id of the campaign.</summary>
    public required string CampaignId { get; init; }

    /// <summary>campaign, adset or ad.</summary>
    public required string Level { get; init; }

    /// <summary>Meta's id of what is edited.</summary>
    public required string MetaId { get; init; }

    /// <summary>publish, pause, resume, archive, delete or update.</summary>
    public required string Kind { get; init; }

    /// <summary>What becomes what, of an update.</summary>
    public required JsonObject Fields { get; init; }

    /// <summary>How it was at Meta before; null until it was looked at.</summary>
    public JsonObject? Found { get; init; }
    public required string AskedBy { get; init; }

    /// <summary>The name of the key by which it was asked for; null: by none.</summary>
    public string? AskedKey { get; init; }

    /// <summary>queued, running, waiting, succeeded, failed or cancelled; missed: its time had passed too long ago when it could begin; expired: nobody has approved it in time.</summary>
    public required string Status { get; init; }

    /// <summary>Not before; null: at once.</summary>
    public DateTimeOffset? DueAt { get; init; }
    public string? WaitReason { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public int Attempt { get; init; }

    /// <summary>Why it failed or was cancelled; null otherwise.</summary>
    public string? Error { get; init; }
    public required DateTimeOffset AskedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>What an edit has made of an object; null for what stays.</summary>
internal sealed record Edited(string MetaId, string? Status = null, string? Name = null, long? DailyBudget = null, long? LifetimeBudget = null, DateTimeOffset? EndTime = null, long? BidAmount = null)
{
    public JsonObject? Targeting { get; init; }
    public string? CreativeId { get; init; }
}

/// <summary>How a claimed edit leaves its row.</summary>
internal sealed record EditEnd(string State, string? Reason = null, DateTimeOffset? Until = null)
{
    /// <summary>Of one that waits: the next attempt takes back what was done, and it ends like that.</summary>
    public string? GivesUp { get; init; }

    /// <summary>Of one that waits: what it may have switched on is paused, and then it ends like that.</summary>
    public string? Ending { get; init; }

    /// <summary>What it takes back is paused, and nothing that it has sent can switch that on any more.</summary>
    public bool IsPaused { get; init; }

    /// <summary>It used up a retry.</summary>
    public bool Failed { get; init; }
    public EditFields? Found { get; init; }
    public IReadOnlyList<Edited> Objects { get; init; } = [];

    /// <summary>What the ad shows from now on; null: as before.</summary>
    public CreativeMaking? Shows { get; init; }

    /// <summary>What the activation becomes; null: it stays.</summary>
    public string? Activation { get; init; }

    /// <summary>What the tree may spend a day from now on, in hundredths; null: as before.</summary>
    public long? DailyCents { get; init; }
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The same as it was known before: by so much less or more is counted. Null of what has read all of it at Meta, and knows how much that is.</summary>
    public (long DailyCents, DateTimeOffset? EndsAt)? Before { get; init; }

    /// <summary>How often a stop had noted something of it when it was permitted to switch on again what a stop had paused; null where it does not.</summary>
    public int? BringsBackNotes { get; init; }

    /// <summary>Every call that a permit was for has been answered.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>Not when something may be activated by a call that was under way when it was begun: that may come after the pause.</summary>
    public bool NotWhileBusy { get; init; }

    /// <summary>Of one that waits: for what may take days, and is to keep no other edit waiting.</summary>
    public bool IsHeld { get; init; }

    /// <summary>What the campaign may spend a day after what somebody has to approve first; null: nobody has to.</summary>
    public long? ToApprove { get; init; }

    /// <summary>That was asked for, and until that expires it waits.</summary>
    public bool IsAsked { get; init; }

    public static EditEnd Succeeded(EditFields? found, params IReadOnlyList<Edited> objects) => new("succeeded") { Found = found, Objects = objects };

    public static EditEnd Failing(string reason) => new("failed", reason);

    public static EditEnd Waiting(DateTimeOffset until, string reason) => new("waiting", reason, until);

    /// <summary>It ends as <paramref name="end"/> tells once its object is paused for good.</summary>
    public static EditEnd TakingBack(EditEnd end, DateTimeOffset until, string reason) => Waiting(until, reason) with { Ending = end.State, GivesUp = end.Reason, Objects = end.Objects, Found = end.Found };

    /// <summary>Its permit was refused: some minutes later, or when a person or a freeze lets it.</summary>
    public static EditEnd Refused(Permit permit, string why, DateTimeOffset now, long dailyCents) => Waiting(permit.FrozenUntil ?? permit.AskAgainAt ?? now + UntilThereIsRoom, why) with
    {
        IsHeld = permit.ToApprove || permit.FrozenUntil is not null || permit.IsForRoom, ToApprove = permit.ToApprove ? dailyCents : null,
    };

    private static readonly TimeSpan UntilThereIsRoom = TimeSpan.FromMinutes(5);
}

/// <summary>What is read of a row of campaign_edits; what is not asked for is as here.</summary>
internal sealed record EditRow
{
    public Guid EditId { get; init; }
    public long Number { get; init; }
    public int Attempt { get; init; }
    public int Failures { get; init; }
    public int Abandoned { get; init; }
    public Guid RequestId { get; init; }
    public Guid SocialAccountId { get; init; }
    public string MetaId { get; init; } = "";
    public string Kind { get; init; } = "";
    public string Fields { get; init; } = "{}";
    public string AskedBy { get; init; } = "";
    public string? AskedKey { get; init; }
    public DateTimeOffset AskedAt { get; init; }
    public string AccessToken { get; init; } = "";
    public string? Activation { get; init; }
    public DateTimeOffset ClaimedAt { get; init; }
    public int Round { get; init; }
    public string? Ending { get; init; }
    public string? Error { get; init; }
    public DateTimeOffset? QuietSince { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public bool IsMissed { get; init; }
    public bool Switched { get; init; }
    public string[]? TakenBack { get; init; }
    public int Notes { get; init; }
    public string[]? PausedIds { get; init; }
}

internal static class EditWords
{
    public static string Of(EditKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    public static string Of(EditLevel level) => JsonNamingPolicy.SnakeCaseLower.ConvertName(level.ToString());

    public static string Of(AdObject kind) => kind switch
    {
        AdObject.AdSet => "ad set",
        _ => kind.ToString().ToLowerInvariant(),
    };

    public static AdObject ObjectOf(EditLevel level) => level switch
    {
        EditLevel.Campaign => AdObject.Campaign,
        EditLevel.Adset => AdObject.AdSet,
        _ => AdObject.Ad,
    };

    public static EditLevel LevelOf(AdObject kind) => kind switch
    {
        AdObject.Campaign => EditLevel.Campaign,
        AdObject.AdSet => EditLevel.Adset,
        _ => EditLevel.Ad,
    };
}
