using System.Globalization;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Spending;

/// <summary>The account's caps, or the service's where the account has none of its own; off only by choice.</summary>
public sealed class SpendingCaps(SpendingOptions options)
{
    /// <summary>The most one campaign may spend a day, in hundredths of the account's currency; null when off.</summary>
    public long? OfCampaign(SocialAccount account) => account.CapsOff ? null : account.CampaignCapCents ?? UsualOfCampaign(account.Currency);

    /// <summary>The most all active campaigns of the account may spend a day, in hundredths; null when off.</summary>
    public long? OfDay(SocialAccount account) => account.CapsOff ? null : account.DailyCapCents ?? UsualOfDay(account.Currency);

    /// <summary>Of accounts that have none of their own; null when off.</summary>
    internal long? UsualOfCampaign(string currency) => Scaled(options.CampaignCap, currency);

    /// <summary>Of accounts that have none of their own; null when off.</summary>
    internal long? UsualOfDay(string currency) => Scaled(options.AccountDailyCap, currency);

    /// <returns>Why the amount is too much for one campaign; null when it is not.</returns>
    public string? RefusalOf(SocialAccount account, long dailyCents) => OfCampaign(account) is { } cap && dailyCents > cap
        ? string.Create(CultureInfo.InvariantCulture, $"is {dailyCents} a day and the cap for one campaign of this account is {cap}; an admin may raise the account's campaign_cap_cents")
        : null;

    private static long? Scaled(long? cents, string currency) => cents * (Currency.Offset(currency) == 1 ? 100 : 1);
}
