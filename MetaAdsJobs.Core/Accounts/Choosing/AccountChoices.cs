using MetaAdsJobs.Core.Targeting;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Accounts.Choosing;

/// <summary>An ad account that the token reaches.</summary>
/// <param name="IsActive">Whether Meta lets it advertise; null where Meta does not tell.</param>
/// <param name="IsTaken">There is an account of it here already, which is not retired: another is refused.</param>
/// <param name="SocialAccountId">Which one, for who looks into that.</param>
public sealed record AdAccountChoice(string AdAccountId, string Name, string? Currency, string? TimezoneName, bool? IsActive, bool IsTaken, Guid? SocialAccountId);

/// <summary>A page, a pixel or an Instagram account that the token reaches.</summary>
public sealed record AssetChoice(string Id, string Name);

/// <summary>What of one kind the token reaches.</summary>
/// <param name="More">There are more than these, which were not read.</param>
/// <param name="Refused">Why Meta does not tell, in its words; null when it does.</param>
public sealed record ChoicesOf<T>(IReadOnlyList<T> Items, bool More, string? Refused);

/// <summary>All that an account can be made of with a token. Pixels and Instagram accounts are those of an ad account: null where none was named.</summary>
public sealed record AccountChoices(ChoicesOf<AdAccountChoice> AdAccounts, ChoicesOf<AssetChoice> Pages, ChoicesOf<AssetChoice>? Pixels, ChoicesOf<AssetChoice>? InstagramAccounts);

/// <summary>What became of the question what a token reaches.</summary>
public abstract record Choices
{
    private Choices() { }

    public sealed record Found(AccountChoices What) : Choices;

    /// <summary>As we say, or Meta of the token or the ad account.</summary>
    public sealed record Invalid(FieldErrors Errors) : Choices;

    /// <summary>Meta was not asked, or did not answer.</summary>
    public sealed record NotNow(string Why, NotNowReason Reason, TimeSpan? RetryAfter) : Choices;

    public sealed record UnknownAccount(Guid Id) : Choices;
}
