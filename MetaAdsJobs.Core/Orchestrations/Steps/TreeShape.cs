using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>One ad of a tree: its steps, and its part of the request as a request of its own.</summary>
/// <param name="MediaSteps">Those that bring its clips to Meta; none of an existing post.</param>
/// <param name="Number">Such as 2.3, to be told from others by people; empty for the only one.</param>
internal sealed record AdNode(string Step, string CreativeStep, IReadOnlyList<string> MediaSteps, string AdSetStep, OrchestrationRequest Request, string? Name, string Number)
{
    /// <summary>The clips that it shows, each once; its own first.</summary>
    public static IEnumerable<Guid> ClipsOf(OrchestrationRequest ad) => AdKind.IsPost(ad.Kind) ? []
        : (ad.Cards is null ? [ad.ClipId, .. ad.PlacementMedia?.Select(media => media.ClipId) ?? []] : ad.Cards.Select(card => card.ClipId)).OfType<Guid>().Distinct();
}

/// <summary>One ad set of a tree.</summary>
/// <inheritdoc cref="AdNode"/>
internal sealed record AdSetNode(string Step, OrchestrationRequest Request, string? Name, string Number, IReadOnlyList<AdNode> Ads);

/// <summary>
/// Which steps a request needs, and what hangs on what: campaign, ad sets, of each ad its creative and the ad, and the media of each clip. All
/// that knows the form of a tree asks here.
/// </summary>
internal sealed class TreeShape
{
    private readonly Dictionary<string, AdNode> _ads;
    private readonly Dictionary<string, AdNode> _creatives;
    private readonly Dictionary<string, AdSetNode> _adSets;
    private readonly Dictionary<Guid, string> _media = [];
    private readonly ILookup<string, AdNode> _adsOfMedia;
    private readonly Dictionary<string, string> _given;

    public TreeShape(OrchestrationRequest request)
    {
        _given = new[] { (Step: StepName.Campaign, Id: request.CampaignId), (Step: StepName.AdSet, Id: request.AdSetId) }.Where(one => one.Id is not null).ToDictionary(one => one.Step, one => one.Id!);
        AdSets = request.AdSets is null
            ? [new(StepName.AdSet, request, null, "", [new(StepName.Ad, StepName.Creative, MediaOf(request), StepName.AdSet, request, null, "")])]
            : [.. request.AdSets.Select((adSet, set) => NodeOf(adSet, set + 1))];
        Ads = [.. AdSets.SelectMany(adSet => adSet.Ads)];
        Media = [.. _media.Select(one => (one.Value, one.Key))];
        _adsOfMedia = Ads.SelectMany(ad => ad.MediaSteps.Select(step => (step, ad))).ToLookup(one => one.step, one => one.ad);
        (_adSets, _ads, _creatives) = (AdSets.ToDictionary(node => node.Step), Ads.ToDictionary(node => node.Step), Ads.ToDictionary(node => node.CreativeStep));

        string[] MediaOf(OrchestrationRequest ad) => [.. AdNode.ClipsOf(ad).Select(clip => _media.TryGetValue(clip, out var step) ? step : _media[clip] = StepName.OfClip(_media.Count + 1))];

        AdSetNode NodeOf(AdSetRequest adSet, int set)
        {
            var (step, number) = (StepName.OfAdSet(set), $" {set}");
            return new(step, adSet.With(request, adSet.Ads[0]), adSet.Name, number, [.. adSet.Ads.Select((ad, index) => new AdNode(
                StepName.OfAd(StepName.Ad, set, index + 1), StepName.OfAd(StepName.Creative, set, index + 1), MediaOf(adSet.With(request, ad)), step, adSet.With(request, ad), ad.Name, $" {set}.{index + 1}"))]);
        }
    }

    public IReadOnlyList<AdSetNode> AdSets { get; }

    public IReadOnlyList<AdNode> Ads { get; }

    /// <summary>The clips, each once, in the order in which ads name them.</summary>
    public IReadOnlyList<(string Step, Guid ClipId)> Media { get; }

    /// <summary>Null when there are only existing posts.</summary>
    public Guid? FirstClip => Media.Count == 0 ? null : Media[0].ClipId;

    /// <summary>Meta's id of what is there already, and was so before the run: nothing creates, switches or undoes it. Null of all else.</summary>
    public string? GivenId(string step) => _given.GetValueOrDefault(step);

    /// <summary>The ad sets that are created.</summary>
    public IEnumerable<AdSetNode> NewAdSets => AdSets.Where(adSet => GivenId(adSet.Step) is null);

    /// <summary>All that is created, in the order in which it is undone.</summary>
    public IEnumerable<string> LastFirst =>
        [.. Ads.Reverse().Select(ad => ad.Step), .. Ads.Reverse().Select(ad => ad.CreativeStep), .. NewAdSets.Reverse().Select(adSet => adSet.Step), .. NewCampaign];

    /// <summary>All of it that is active or paused, from the top down: what stands below a paused campaign spends nothing.</summary>
    public IEnumerable<string> Switches => [.. NewCampaign, .. NewAdSets.Select(adSet => adSet.Step), .. Ads.Select(ad => ad.Step)];

    private string[] NewCampaign => GivenId(StepName.Campaign) is null ? [StepName.Campaign] : [];

    public AdSetNode AdSetOf(string step) => _adSets[step];

    public string MediaStepOf(Guid clip) => _media[clip];

    /// <summary>The ads that show a clip.</summary>
    public IEnumerable<AdNode> AdsOf(string mediaStep) => _adsOfMedia[mediaStep];

    /// <param name="step">The ad's or its creative's.</param>
    public AdNode AdOf(string step) => _ads.GetValueOrDefault(step) ?? _creatives[step];

    /// <summary>
    /// The steps the request needs: activate only when asked to publish, and what is added to a campaign that is there is activated by edits of that; a request that is only to be judged has one of its own.
    /// </summary>
    /// <param name="isAwaited">Of media: false for old runs of a video that was at Meta, which nobody awaited.</param>
    public IReadOnlyList<string> Steps(Func<string, bool> isAwaited, bool autoPublish, bool validateOnly) => validateOnly ? [StepName.Validate] :
    [
        .. NewCampaign, .. NewAdSets.Select(adSet => adSet.Step), .. Media.Select(media => media.Step).Where(isAwaited),
        .. Ads.SelectMany(ad => (string[])[ad.CreativeStep, ad.Step]), .. autoPublish && NewCampaign.Length > 0 ? [StepName.Activate] : Array.Empty<string>(),
    ];

    /// <summary>What has to be confirmed, or given, before a step begins. All that can begin are under way together.</summary>
    public IReadOnlyList<string> NeedsOf(string step) => StepName.KindOf(step) switch
    {
        StepName.AdSet => [StepName.Campaign],
        // It uses nothing of the campaign; but of a campaign that Meta refuses nothing is to be left to undo.
        StepName.Creative => [StepName.Campaign, .. AdOf(step).MediaSteps],
        // Media again: at a retry it is looked at anew, while all that was made with it may be there.
        StepName.Ad => [AdOf(step).AdSetStep, AdOf(step).CreativeStep, .. AdOf(step).MediaSteps],
        StepName.Activate => [.. Ads.Select(ad => ad.Step), .. Media.Select(media => media.Step)],
        _ => [],
    };

    /// <summary>What the object hangs on at Meta: only among its children is it looked for, and with it it is gone.</summary>
    public string? ParentOf(string step) => StepName.KindOf(step) switch
    {
        StepName.AdSet => StepName.Campaign,
        StepName.Ad => AdOf(step).AdSetStep,
        _ => null,
    };
}
