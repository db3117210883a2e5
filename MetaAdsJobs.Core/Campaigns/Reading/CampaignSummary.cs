using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Campaigns.Reading;

/// <summary>A campaign that was made here, as lists show it.</summary>
public sealed record CampaignSummary
{
    /// <summary>Meta's id.</summary>
    public required string CampaignId { get; init; }
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string AccountName { get; init; }

    /// <summary>act_ and digits.</summary>
    public required string AdAccountId { get; init; }
    public required string Currency { get; init; }

    /// <summary>As it stands at Meta, with its marker.</summary>
    public required string Name { get; init; }
    public required string Objective { get; init; }

    /// <summary>How the campaign itself is switched, as last known: ACTIVE, PAUSED, ARCHIVED or DELETED.</summary>
    public required string Status { get; init; }

    /// <summary>What Meta makes of it; null until it was looked at.</summary>
    public string? EffectiveStatus { get; init; }

    /// <summary>Whether caps count it and stops pause it: activating, active, paused (by a stop), idle or ended; null when it was never activated.</summary>
    public string? Spending { get; init; }

    /// <summary>What caps count it for a day, in hundredths of the currency; of one they do not count, what all of it may spend that is not deleted or archived.</summary>
    public required long DailyCents { get; init; }
    public required int AdSets { get; init; }
    public required int Ads { get; init; }

    /// <summary>Ads that Meta has something against.</summary>
    public required int RefusedAds { get; init; }

    /// <summary>Who asked for it, and when.</summary>
    public required string RequestedBy { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last compared with Meta; null: not yet.</summary>
    public DateTimeOffset? ComparedAt { get; init; }

    /// <summary>When the last change from outside was found; null: none.</summary>
    public DateTimeOffset? ChangedOutsideAt { get; init; }

    /// <summary>Edits that have not ended.</summary>
    public required int OpenEdits { get; init; }

    /// <summary>What is stored of its last seven whole days.</summary>
    public required CampaignNumbers LastDays { get; init; }
}

/// <summary>The account's own days, inclusive.</summary>
/// <param name="Spend">In whole units of the currency; null when nothing is known.</param>
/// <param name="Results">Null when they are not of one type.</param>
public sealed record CampaignNumbers(DateOnly Since, DateOnly Until, decimal? Spend, decimal? Results, string? ResultType);

/// <summary>One object of a campaign's tree. Budgets and bids are hundredths of the account's currency.</summary>
/// <param name="EffectiveStatus">What Meta makes of it, as last looked at and as our own switches since have it; null until it was looked at. Open text.</param>
/// <param name="Issues">What Meta has against it.</param>
public sealed record CampaignObject(
    string MetaId, string Name, string Status, string? EffectiveStatus, long? DailyBudgetCents, long? LifetimeBudgetCents, DateTimeOffset? StartTime, DateTimeOffset? EndTime, long? BidAmountCents,
    IReadOnlyList<ObjectIssue> Issues);

public sealed record CampaignAdSet(CampaignObject AdSet, IReadOnlyList<CampaignObject> Ads);

/// <summary>Something that was not as we had left it: changed in Ads Manager, or by Meta.</summary>
public sealed record OutsideChange
{
    /// <summary>campaign, adset or ad.</summary>
    public required string Level { get; init; }
    public required string MetaId { get; init; }

    /// <summary>status, name, daily_budget, lifetime_budget, bid_amount, end_time or creative; budgets and bids in Meta's units of the currency, creatives as Meta's ids.</summary>
    public required string Field { get; init; }
    public string? Was { get; init; }
    public string? Is { get; init; }

    /// <summary>When it was seen; it was done at some time since the look before.</summary>
    public required DateTimeOffset FoundAt { get; init; }
}

/// <summary>A later run that has added to the campaign, or has taken over what was made in Ads Manager since.</summary>
public sealed record CampaignAddition
{
    public required Guid RequestId { get; init; }
    public required string RequestedBy { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public required string Status { get; init; }
    public required bool Adopted { get; init; }
}

/// <summary>A campaign with all that hangs on it, and the last hundred changes from outside and runs that added to it, newest first.</summary>
/// <param name="Budget">The campaign as an object; without a budget where its ad sets have them.</param>
public sealed record CampaignDetail(CampaignSummary Campaign, string Currency, CampaignObject Budget, IReadOnlyList<CampaignAdSet> AdSets, IReadOnlyList<OutsideChange> OutsideChanges, IReadOnlyList<CampaignAddition> Additions)
{
    /// <param name="metaId">Meta's id.</param>
    public (EditLevel Level, CampaignObject Object)? Find(string metaId)
    {
        if (Budget.MetaId == metaId) return (EditLevel.Campaign, Budget);
        if (AdSets.FirstOrDefault(set => set.AdSet.MetaId == metaId) is { } set) return (EditLevel.Adset, set.AdSet);
        return AdSets.SelectMany(set => set.Ads).FirstOrDefault(ad => ad.MetaId == metaId) is { } ad ? (EditLevel.Ad, ad) : null;
    }
}

/// <param name="Status">ACTIVE, PAUSED, ARCHIVED or DELETED.</param>
/// <param name="Search">Words of the name, each its beginning at least; or an id that Meta gave to it, to an ad set or to an ad of it.</param>
/// <param name="ClipId">The first clip that its run was asked to show.</param>
/// <param name="RequestedBy">Who asked for it, as the audit names it.</param>
/// <param name="ChangedSince">Those of which anything has changed since, or may at any time; numbers are told by themselves.</param>
public sealed record CampaignFilter(
    Guid? AccountId = null, string? Status = null, string? Search = null, DateOnly? Since = null, DateOnly? Until = null, Guid? ClipId = null, string? RequestedBy = null, DateTimeOffset? ChangedSince = null);

/// <summary>One page of a list.</summary>
/// <param name="Next">The cursor of the page after it; null on the last one.</param>
/// <param name="SearchedBackTo">A state or words were looked for among those made since this moment only; Next leads further back. Null: nothing was left out.</param>
public sealed record CampaignListing(IReadOnlyList<CampaignSummary> Campaigns, long? Next, DateTimeOffset? SearchedBackTo);

/// <summary>Names as people gave them.</summary>
public static class CampaignNames
{
    /// <summary>Without the marker by which we find the object again at Meta.</summary>
    public static string Readable(string atMeta) => Orchestrations.Steps.Marker.Split(atMeta).Readable;
}
