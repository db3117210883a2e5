using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>Why Meta was not asked, or did not answer.</summary>
public enum NotNowReason
{
    /// <summary>Meta refuses what the account may not do, or its token: somebody has to act.</summary>
    Refused,

    /// <summary>The account has used up a limit of Meta's.</summary>
    Throttled,

    /// <summary>Meta cannot be reached, or gives no answer that is one.</summary>
    Away,
}

/// <summary>An audience that the account has at Meta.</summary>
/// <param name="Subtype">Of a custom one, Meta's word: CUSTOM, WEBSITE, LOOKALIKE …</param>
/// <param name="PeopleMin">Meta's rough count, where it tells one.</param>
/// <param name="NotUsable">Why ads cannot be shown to it now, in Meta's words.</param>
/// <param name="Targeting">Of a saved one: as a request takes it.</param>
/// <param name="LeftOut">What else Meta keeps of a saved one and a request does not take.</param>
public sealed record Audience(string Id, string Name, string? Subtype, long? PeopleMin, long? PeopleMax, string? NotUsable,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonObject? Targeting, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? LeftOut);

/// <summary>How many people an ad set could reach in a month, as Meta estimates.</summary>
/// <param name="Path">Of the ad set in the body: ad_sets[0]; of a body without ad sets, targeting.</param>
/// <param name="Ready">False when Meta has no numbers for it (yet).</param>
public sealed record ReachEstimate(string Path, bool Ready, long? PeopleMin, long? PeopleMax);

/// <summary>What a question about targeting brought.</summary>
public abstract record TargetingFound
{
    private TargetingFound() { }

    public sealed record Options(IReadOnlyList<TargetingOption> Found) : TargetingFound;

    /// <param name="Next">Where the next page begins; null behind the last.</param>
    public sealed record Audiences(IReadOnlyList<Audience> Found, string? Next) : TargetingFound;

    public sealed record Estimates(IReadOnlyList<ReachEstimate> Found) : TargetingFound;

    /// <summary>The question itself is wrong, as we or Meta say.</summary>
    public sealed record Invalid(FieldErrors Errors) : TargetingFound;

    /// <param name="Why">In Meta's words, or ours.</param>
    /// <param name="RetryAfter">When it may do, if it may.</param>
    public sealed record NotNow(string Why, NotNowReason Reason, TimeSpan? RetryAfter) : TargetingFound;

    public sealed record UnknownAccount(Guid Id) : TargetingFound;
}
