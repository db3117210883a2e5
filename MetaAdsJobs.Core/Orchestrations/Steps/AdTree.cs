using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// What one request is to become at Meta, as a value: under which names, sent as what. It follows from the request, its account and its
/// clip alone; in which order <see cref="StepName"/> tells, and what has been done of it the journal.
/// </summary>
internal sealed class AdTree(Guid requestId, int round, OrchestrationRequest request, SocialAccount account, Clip clip)
{
    public string MarkerOf(string step) => Marker.For(requestId, round, step);

    /// <summary>The name at Meta of what the step creates: the readable one, and the marker by which it is found again.</summary>
    public string NameOf(string step) => Marker.Name(ReadableNameOf(step), MarkerOf(step));

    public CampaignSpec Campaign => new(NameOf(StepName.Campaign), request.CampaignObjective)
    {
        SpecialAdCategories = request.SpecialAdCategories ?? [],
        Countries = request.SpecialAdCategoryCountries
            ?? (Targeting["geo_locations"]!["countries"] is JsonArray countries ? [.. countries.Select(country => (string)country!)] : []),
    };

    public AdSetSpec AdSet(string campaignId)
    {
        var targeting = Targeting;
        return new(
            NameOf(StepName.AdSet), campaignId, Goal, ObjectiveGoals.Find(request.CampaignObjective, request.OptimizationGoal)!,
            DailyBudget, targeting, account.PageId, request.PixelId ?? account.PixelId)
        {
            LifetimeBudget = LifetimeBudget,
            Bid = Bid,
            StartTime = request.StartTime,
            EndTime = request.EndTime,
            ConversionEvent = request.ConversionEvent,
            Dsa = EuReach.IsPossible(targeting)
                ? new(request.DsaBeneficiary ?? account.DsaBeneficiary ?? account.Name, request.DsaPayor ?? account.DsaPayor ?? account.Name)
                : null,
        };
    }

    /// <param name="imageHash">Null for an image that we could not fetch: Meta gets its URL and fetches it itself.</param>
    /// <param name="thumbnailUrl">The picture shown before a video plays.</param>
    public CreativeSpec Creative(string? videoId, string? imageHash, string? thumbnailUrl) => new(
        NameOf(StepName.Creative), account.PageId, account.InstagramUserId, request.CreativeTitle, request.CreativeDescription, Link)
    {
        VideoId = videoId,
        ImageHash = imageHash,
        ImageUrl = videoId is not null ? thumbnailUrl : clip.ImageUrl is { } url ? Urls.Encode(url) : null,
        CallToAction = request.CallToAction ?? MetaWords.DefaultCallToAction,
    };

    public AdSpec Ad(string adSetId, string creativeId) => new(NameOf(StepName.Ad), adSetId, creativeId);

    public string Goal => ObjectiveGoals.MetaGoal(request.OptimizationGoal);

    /// <summary>In Meta's units; that the amount divides was checked when the request was accepted.</summary>
    public long? DailyBudget => Units(request.DailyBudgetCents, "daily_budget_cents");

    public long? LifetimeBudget => Units(request.LifetimeBudgetCents, "lifetime_budget_cents");

    public Bid Bid => new(request.BidStrategy ?? Bid.Automatic, Units(request.BidAmountCents, "bid_amount_cents"), request.RoasAverageFloor);

    /// <summary>What a day comes to in Meta's units.</summary>
    public long DailyUnits(DateTimeOffset now) => DailyBudget ?? LifetimeBudget!.Value / Schedule.Days(request.StartTime, request.EndTime!.Value, now);

    /// <summary>The request's targeting; without places, the account's default countries; without platforms, what the account can be shown on.</summary>
    public JsonObject Targeting
    {
        get
        {
            var targeting = request.Targeting?.DeepClone().AsObject() ?? [];
            if (!targeting.ContainsKey("geo_locations"))
                targeting["geo_locations"] = new JsonObject { ["countries"] = new JsonArray([.. account.DefaultCountries.Select(code => (JsonNode)code)]) };
            if (account.InstagramUserId is null) AdSetSpec.WithoutInstagram(targeting);
            return AdSetSpec.WithoutWidening(targeting);
        }
    }

    /// <summary>
    /// As it is sent. Meta would put the objects' first names in place of its macros, and those carry our markers: whoever reads the
    /// site's reports is spared them.
    /// </summary>
    private string Link => Urls.Encode(MetaMacros.WithNames(
        request.LandingUrl, campaign: ReadableNameOf(StepName.Campaign), adSet: ReadableNameOf(StepName.AdSet), ad: ReadableNameOf(StepName.Ad)));

    private string ReadableNameOf(string step) => step switch
    {
        StepName.Campaign => request.CampaignName,
        StepName.AdSet => $"{request.CampaignName} - Ad set",
        StepName.Creative => $"{request.CampaignName} - Creative",
        StepName.Ad => $"{request.CampaignName} - Ad",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "has no name at Meta"),
    };

    private long? Units(long? hundredths, string field) => hundredths is null ? null
        : Currency.FromHundredths(account.Currency, hundredths.Value)
            ?? throw new MetaException(Proof.Rejected, $"{field} is not a whole amount of {account.Currency}");
}
