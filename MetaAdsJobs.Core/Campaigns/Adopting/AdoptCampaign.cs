using System.Globalization;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Targeting;

namespace MetaAdsJobs.Core.Campaigns.Adopting;

/// <summary>A campaign that was found at Meta and recorded.</summary>
/// <param name="CampaignId">Meta's id.</param>
/// <param name="RequestId">The run that tells of it; null when nothing was new.</param>
/// <param name="IsNew">It was not known here before.</param>
/// <param name="AdSets">Of it that were not known before.</param>
/// <param name="Ads">Of it that were not known before.</param>
/// <param name="Notes">What caps and stops make of it.</param>
public sealed record AdoptedCampaign(string CampaignId, Guid? RequestId, bool IsNew, int AdSets, int Ads, IReadOnlyList<string> Notes);

/// <summary>What became of the wish to adopt a campaign.</summary>
public abstract record Adoption
{
    private Adoption() { }

    public sealed record Done(AdoptedCampaign Campaign) : Adoption;

    public sealed record UnknownAccount(Guid Id) : Adoption;

    /// <summary>Meta has no such campaign.</summary>
    public sealed record UnknownCampaign : Adoption;

    public sealed record Refused(string Reason) : Adoption;

    /// <summary>Nothing was written: an edit of it is being carried out, and counts what was known when it began.</summary>
    public sealed record Busy(string Reason) : Adoption;

    /// <summary>Meta was not asked, or did not answer.</summary>
    public sealed record NotNow(TargetingFound.NotNow Why) : Adoption;
}

/// <summary>
/// Takes over a campaign that was made in Ads Manager: it is read, recorded as those that are made here, and from then on edited, compared, counted by caps and paused by stops. Nothing is
/// changed at Meta. Once more it only takes what is new since.
/// </summary>
public sealed class AdoptCampaign
{
    private const int LongestId = 100;
    private readonly AccountQuestions _questions;
    private readonly MetaTrees _trees;
    private readonly AdoptionStore _store;
    private readonly AccountCurrency _currencies;
    private readonly SpendingCaps _caps;
    private readonly StopsInForce _stops;

    internal AdoptCampaign(AccountQuestions questions, MetaTrees trees, AdoptionStore store, AccountCurrency currencies, SpendingCaps caps, StopsInForce stops) =>
        (_questions, _trees, _store, _currencies, _caps, _stops) = (questions, trees, store, currencies, caps, stops);

    /// <param name="campaignId">Meta's id.</param>
    public async Task<Adoption> ExecuteAsync(Guid accountId, string campaignId, string askedBy, CancellationToken ct)
    {
        if (campaignId.Length is 0 or > LongestId || !campaignId.All(one => char.IsAsciiLetterOrDigit(one) || one == '_')) return new Adoption.UnknownCampaign();
        Adoption? adoption = null;
        var asked = await _questions.AskAsync(accountId, async (account, credential) =>
        {
            adoption = await AdoptAsync(account, credential, campaignId, askedBy, ct);
            return new TargetingFound.Options([]);
        }, ct);
        return asked switch
        {
            TargetingFound.NotNow notNow => new Adoption.NotNow(notNow),
            TargetingFound.UnknownAccount unknown => new Adoption.UnknownAccount(unknown.Id),
            _ => adoption!,
        };
    }

    private async Task<Adoption> AdoptAsync(SocialAccount account, GraphCredential credential, string campaignId, string askedBy, CancellationToken ct)
    {
        // Its budgets are in Meta's units of the currency: in another one they would be counted for something else.
        var currency = account.MetaCurrency ?? await _currencies.ReadAsync(account.Id, credential, ct);
        if (AccountCurrency.Difference(account.AdAccountId, account.Currency, currency) is { } difference) return new Adoption.Refused(difference);
        var since = _store.Now;
        if (await _trees.FindAsync(credential, campaignId, ct) is not { } found) return new Adoption.UnknownCampaign();
        if (found.AdAccountId is { } owner && owner != account.AdAccountId) return new Adoption.Refused($"The campaign {campaignId} is of {(AccountScope.IsAll ? $"the ad account {owner}" : "another ad account")}, and this account is {account.AdAccountId}");
        if (found.Values.Status is "DELETED" or "ARCHIVED") return new Adoption.Refused($"The campaign {campaignId} is {found.Values.Status.ToLowerInvariant()} at Meta");
        var (not, recorded) = await _store.SaveAsync(account, found, since, askedBy, ct);
        if (recorded is null) return not!;
        return new Adoption.Done(new(campaignId, recorded.RequestId, recorded.IsNew, recorded.AdSets, recorded.Ads, found.Values.Status == "ACTIVE" ? await NotesAsync(account, recorded, ct) : []));
    }

    // It spends already, whether we know of it or not: it is counted, and told, and nothing more is activated until there is room.
    private async Task<IReadOnlyList<string>> NotesAsync(SocialAccount account, Recorded recorded, CancellationToken ct)
    {
        var notes = new List<string>();
        if (_caps.RefusalOf(account, recorded.DailyCents) is { } tooMuch) notes.Add($"its budget {tooMuch}");
        if (_caps.OfDay(account) is { } cap && recorded.ActiveCents > cap)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"the account's active campaigns may spend {recorded.ActiveCents} a day by now, and its cap is {cap}: nothing more is activated until some are paused, or an admin raises its daily_cap_cents"));
        var (ofAll, own) = await _stops.FindAsync(account.Id, ct);
        if ((ofAll ?? own) is { } stop) notes.Add($"stopped by {stop.StoppedBy}: it is paused within minutes");
        return notes;
    }
}
