using System.Globalization;
using MetaAdsJobs.Core.Accounts.Tokens;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// One page and ad account that a team advertises with. The access token is not part of it: it is write-only, and only
/// <see cref="AccountTokens"/> opens it.
/// </summary>
public sealed record SocialAccount
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }

    /// <summary>Meta's ad account node, act_ and digits.</summary>
    public required string AdAccountId { get; init; }
    public required string PageId { get; init; }
    public string? InstagramUserId { get; init; }
    public string? PixelId { get; init; }

    /// <summary>ISO 4217 code of the ad account's currency; budgets convert with Meta's own offset table.</summary>
    public required string Currency { get; init; }

    /// <summary>IANA name; the account's days, and so its numbers, are in this zone.</summary>
    public required string TimezoneName { get; init; }

    /// <summary>ISO 3166 codes used when a request targets no place of its own.</summary>
    public IReadOnlyList<string> DefaultCountries { get; init; } = [];

    /// <summary>On whose behalf ads are shown in the EU (Digital Services Act); the account's name when null.</summary>
    public string? DsaBeneficiary { get; init; }

    /// <summary>Who pays for ads in the EU; the account's name when null.</summary>
    public string? DsaPayor { get; init; }

    /// <summary>Meta's minimum for a day in Meta's units of the currency; null until Meta has told it.</summary>
    public long? MinDailyBudget { get; init; }

    /// <summary>The currency in which Meta bills the ad account; null until Meta has told it.</summary>
    public string? MetaCurrency { get; init; }

    /// <summary>The most one campaign may spend a day, in hundredths of the currency; null: the service's default.</summary>
    public long? CampaignCapCents { get; init; }

    /// <summary>The most all active campaigns may spend a day, in hundredths of the currency; null: the service's default.</summary>
    public long? DailyCapCents { get; init; }

    /// <summary>No caps for this account, by choice.</summary>
    public bool CapsOff { get; init; }

    /// <summary>none, always, or above: whether somebody else than who asks has to approve what activates something, or raises what is active.</summary>
    public string ApprovalRequired { get; init; } = "none";

    /// <summary>Of above: only what may spend more than this a day, in hundredths of the currency. Null otherwise.</summary>
    public long? ApprovalAboveCents { get; init; }
    public DateTimeOffset? TokenRejectedAt { get; init; }
    public string? TokenRejection { get; init; }

    /// <summary>When Meta was last asked about the token; null: not yet.</summary>
    public DateTimeOffset? TokenCheckedAt { get; init; }

    /// <summary>As Meta told at that time; null when checked: never.</summary>
    public DateTimeOffset? TokenExpiresAt { get; init; }
    public IReadOnlyList<string> TokenScopes { get; init; } = [];

    /// <summary>Since when Meta blocks what the account does; its orchestrations wait until it is unblocked here.</summary>
    public DateTimeOffset? BlockedAt { get; init; }
    public string? BlockReason { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Since when nothing is synced, begun or changed in it any more; its token is deleted. Null: it is not retired.</summary>
    public DateTimeOffset? RetiredAt { get; init; }
    public string? RetiredBy { get; init; }

    /// <summary>A second account of its ad account, from before that was refused: nothing is begun or activated in it until one of the two is retired, as their caps and stops are not shared.</summary>
    public bool IsDouble { get; init; }

    /// <summary>Which one was there first, for who looks into that.</summary>
    public Guid? DoubleOf { get; init; }

    /// <summary>Why nothing is begun in it; null: nothing of this keeps it.</summary>
    internal string? NothingBegins => RetiredAt is { } at ? string.Create(CultureInfo.InvariantCulture, $"the account is retired since {at:yyyy-MM-dd}: nothing is begun in it any more")
        : IsDouble ? $"the account is a second one of the ad account {AdAccountId}, and their caps and stops are not shared: retire one of the two first" : null;

    /// <param name="dailyCents">What the campaign may spend a day afterwards.</param>
    internal bool DemandsApproval(long dailyCents) => ApprovalRequired switch
    {
        "always" => true,
        "above" => dailyCents > ApprovalAboveCents,
        _ => false,
    };
}
