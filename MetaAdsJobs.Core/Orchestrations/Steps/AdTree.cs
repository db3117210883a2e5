using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Creatives;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// What one request is to become at Meta, as a value: under which names, sent as what. It follows from the request, its account and its
/// clips alone; what hangs on what <see cref="TreeShape"/> tells, and what has been done of it the journal.
/// </summary>
internal sealed class AdTree(Guid requestId, int round, OrchestrationRequest request, SocialAccount account)
{
    public TreeShape Shape { get; } = new(request);

    public string MarkerOf(string step) => Marker.For(requestId, round, step);

    /// <summary>Whether a name carries the step's marker, of this round or of one before: what an earlier round has left is gone on with.</summary>
    public bool IsMarked(string name, string step) => Enumerable.Range(1, round).Any(one => name.Contains(Marker.For(requestId, one, step), StringComparison.Ordinal));

    /// <summary>The name at Meta of what the step creates: the readable one, and the marker by which it is found again.</summary>
    public string NameOf(string step) => Marker.Name(ReadableNameOf(step), MarkerOf(step));

    public CampaignSpec Campaign => new(NameOf(StepName.Campaign), request.CampaignObjective)
    {
        DailyBudget = request.IsCampaignBudget ? Units(request.DailyBudgetCents, "daily_budget_cents") : null,
        LifetimeBudget = request.IsCampaignBudget ? Units(request.LifetimeBudgetCents, "lifetime_budget_cents") : null,
        BidStrategy = request.IsCampaignBudget ? request.BidStrategy ?? Bid.Automatic : null,
        IsByHours = request.IsCampaignBudget && Shape.AdSets.Any(adSet => adSet.Request.AdsetSchedule is not null),
        SpecialAdCategories = request.SpecialAdCategories ?? [],
        Countries = request.SpecialAdCategoryCountries ?? [.. Shape.AdSets.SelectMany(CountriesOf).Distinct()],
    };

    public AdSetSpec AdSet(string step, string campaignId)
    {
        var one = Shape.AdSetOf(step).Request;
        var targeting = Targeting(step);
        return new(
            NameOf(step), campaignId, Goal(step), RuleOf(one),
            DailyBudget(step), targeting, new(account.PageId, one.PixelId ?? account.PixelId, one.ConversionEvent, one.ApplicationId, one.ObjectStoreUrl))
        {
            LifetimeBudget = LifetimeBudget(step),
            IsOfDays = request.DailyBudgetCents is not null,
            MinSpend = Units(one.MinSpendCents, "min_spend_cents"),
            MaxSpend = Units(one.MaxSpendCents, "max_spend_cents"),
            Bid = BidOf(step),
            StartTime = one.StartTime,
            EndTime = one.EndTime,
            Delivery = new(one.AttributionSpec, one.FrequencyControlSpecs, one.AdsetSchedule),
            Dsa = EuReach.IsPossible(targeting)
                ? new(one.DsaBeneficiary ?? account.DsaBeneficiary ?? account.Name, one.DsaPayor ?? account.DsaPayor ?? account.Name)
                : null,
        };
    }

    /// <param name="step">The creative's.</param>
    /// <param name="clips">The clips that it shows, as Meta has them.</param>
    public CreativeSpec Creative(string step, Func<Guid, ClipAtMeta> clips)
    {
        var (node, name, page) = (Shape.AdOf(step), NameOf(step), account.PageId);
        var ad = node.Request;
        var words = new AdWords(ad.CreativeTitle, ad.CreativeDescription, ad.LinkDescription);
        var rule = ButtonRule.Of(RuleOf(ad));
        AdButton Button(string? type, string? url)
        {
            var link = Urls.Encode(WithNames(node, url!));
            return new(type ?? rule.Usual, link, rule.ValueOf(link, ad.LeadGenFormId));
        }

        var button = ad.LandingUrl is null ? null : Button(ad.CallToAction, ad.LandingUrl);
        CreativeSpec spec = ad.Kind switch
        {
            AdKind.Carousel => new CarouselCreative(name, page, button!.Link, ad.CreativeDescription, [.. ad.Cards!.Select(card =>
                new CarouselCard(clips(card.ClipId!.Value), card.Title, card.Description, Button(card.CallToAction, card.LandingUrl)))]),
            AdKind.Post => new PostCreative(name, page, ad.PostId!.Contains('_', StringComparison.Ordinal) ? ad.PostId : $"{page}_{ad.PostId}", button),
            AdKind.InstagramPost => new InstagramPostCreative(name, page, ad.InstagramMediaId!, button),
            AdKind.Texts => new TextsCreative(name, page, clips(ad.ClipId!.Value), ad.Titles ?? [ad.CreativeTitle!], ad.Texts ?? (ad.CreativeDescription is { } text ? [text] : []), ad.LinkDescription, button!),
            AdKind.Placements => new PlacementCreative(name, page, clips(ad.ClipId!.Value), [.. ad.PlacementMedia!.Select(media => new PlacementPicture(
                media.Placements, clips(media.ClipId!.Value), media.Crop is { } crop ? new(crop.X, crop.Y, crop.Width, crop.Height) : null))], words, button!, Targeting(node.AdSetStep)),
            _ => new SingleCreative(name, page, clips(ad.ClipId!.Value), words, button!),
        };
        return spec with { InstagramUserId = InstagramOf(ad), UrlTags = ad.UrlTags is null ? null : Urls.EncodeParameters(WithNames(node, ad.UrlTags)) };
    }

    public AdSpec Ad(string step, string adSetId, string creativeId) =>
        new(NameOf(step), adSetId, creativeId) { ConversionDomain = Shape.AdOf(step).Request.ConversionDomain is { } domain ? Urls.Host(domain) : null };

    public string Goal(string adSet) => ObjectiveGoals.MetaGoal(Shape.AdSetOf(adSet).Request.OptimizationGoal);

    /// <summary>In Meta's units; that the amount divides was checked when the request was accepted. Null where the budget is the campaign's.</summary>
    public long? DailyBudget(string adSet) => request.IsCampaignBudget ? null : Units(Shape.AdSetOf(adSet).Request.DailyBudgetCents, "daily_budget_cents");

    public long? LifetimeBudget(string adSet) => request.IsCampaignBudget ? null : Units(Shape.AdSetOf(adSet).Request.LifetimeBudgetCents, "lifetime_budget_cents");

    public Bid BidOf(string adSet)
    {
        var one = Shape.AdSetOf(adSet).Request;
        return new(request.IsCampaignBudget ? null : one.BidStrategy ?? Bid.Automatic, Units(one.BidAmountCents, "bid_amount_cents"), one.RoasAverageFloor);
    }

    /// <summary>What a day comes to in Meta's units: of the campaign where it has the budget, else of the ad set with the smallest.</summary>
    public long LeastDailyUnits(DateTimeOffset now) => request.IsCampaignBudget
        ? DailyUnits(request, now) : Shape.AdSets.Min(adSet => DailyUnits(adSet.Request, now));

    private long DailyUnits(OrchestrationRequest one, DateTimeOffset now) => Units(one.DailyBudgetCents, "daily_budget_cents")
        ?? Units(one.LifetimeBudgetCents, "lifetime_budget_cents")!.Value / Schedule.Days(one.FirstStart, one.LatestEnd!.Value, now);

    /// <summary>The ad set's targeting; without places, the account's default countries; without platforms, what the account can be shown on.</summary>
    public JsonObject Targeting(string adSet)
    {
        var one = Shape.AdSetOf(adSet).Request;
        return AdSetTargeting.Of(one.Targeting, account.DefaultCountries, isOnInstagram: Shape.AdSetOf(adSet).Ads.All(ad => InstagramOf(ad.Request) is not null), one.ObjectStoreUrl);
    }

    private IEnumerable<string> CountriesOf(AdSetNode adSet) =>
        Targeting(adSet.Step)["geo_locations"]!["countries"] is JsonArray countries ? countries.Select(country => (string)country!) : [];

    private string? InstagramOf(OrchestrationRequest ad) => ad.InstagramUserId ?? account.InstagramUserId;

    // Meta would put the objects' first names in place of its macros, and those carry our markers: whoever reads the site's reports is spared them.
    private string WithNames(AdNode ad, string url) => MetaMacros.WithNames(url, campaign: ReadableNameOf(StepName.Campaign), adSet: ReadableNameOf(ad.AdSetStep), ad: ReadableNameOf(ad.Step));

    private static GoalRule RuleOf(OrchestrationRequest one) => ObjectiveGoals.Find(one.CampaignObjective, one.OptimizationGoal, one.DestinationType)!;

    private string ReadableNameOf(string step) => StepName.KindOf(step) switch
    {
        StepName.Campaign => request.CampaignName,
        StepName.AdSet => Shape.AdSetOf(step).Name ?? $"{request.CampaignName} - Ad set{Shape.AdSetOf(step).Number}",
        StepName.Creative => $"{Shape.AdOf(step).Name ?? request.CampaignName} - Creative{Shape.AdOf(step).Number}",
        StepName.Ad => Shape.AdOf(step).Name ?? $"{request.CampaignName} - Ad{Shape.AdOf(step).Number}",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "has no name at Meta"),
    };

    private long? Units(long? hundredths, string field) => hundredths is null ? null
        : Currency.FromHundredths(account.Currency, hundredths.Value)
            ?? throw new MetaException(Proof.Rejected, $"{field} is not a whole amount of {account.Currency}");
}
