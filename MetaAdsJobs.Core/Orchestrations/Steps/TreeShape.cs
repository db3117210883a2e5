using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>One ad of a tree: its steps, and its part of the request as a request of its own.</summary>
/// <param name="Number">Such as 2.3, to be told from others by people; empty for the only one.</param>
internal sealed record AdNode(string Step, string CreativeStep, string MediaStep, string AdSetStep, OrchestrationRequest Request, string? Name, string Number);

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

    public TreeShape(OrchestrationRequest request)
    {
        var clips = new List<Guid>();
        AdSets = request.AdSets is null
            ? [new(StepName.AdSet, request, null, "", [new(StepName.Ad, StepName.Creative, MediaOf(request.ClipId), StepName.AdSet, request, null, "")])]
            : [.. request.AdSets.Select((adSet, set) => NodeOf(adSet, set + 1))];
        Ads = [.. AdSets.SelectMany(adSet => adSet.Ads)];
        Media = [.. clips.Select((clip, index) => (StepName.OfClip(index + 1), clip))];
        (_adSets, _ads, _creatives) = (AdSets.ToDictionary(node => node.Step), Ads.ToDictionary(node => node.Step), Ads.ToDictionary(node => node.CreativeStep));

        string MediaOf(Guid clip)
        {
            if (!clips.Contains(clip)) clips.Add(clip);
            return StepName.OfClip(clips.IndexOf(clip) + 1);
        }

        AdSetNode NodeOf(AdSetRequest adSet, int set)
        {
            var (step, number) = (StepName.OfAdSet(set), $" {set}");
            return new(step, adSet.With(request, adSet.Ads[0]), adSet.Name, number, [.. adSet.Ads.Select((ad, index) => new AdNode(
                StepName.OfAd(StepName.Ad, set, index + 1), StepName.OfAd(StepName.Creative, set, index + 1), MediaOf(ad.ClipId!.Value), step, adSet.With(request, ad), ad.Name, $" {set}.{index + 1}"))]);
        }
    }

    public IReadOnlyList<AdSetNode> AdSets { get; }

    public IReadOnlyList<AdNode> Ads { get; }

    /// <summary>The clips, each once, in the order in which ads name them.</summary>
    public IReadOnlyList<(string Step, Guid ClipId)> Media { get; }

    /// <summary>All that is created, in the order in which it is undone.</summary>
    public IEnumerable<string> LastFirst =>
        [.. Ads.Reverse().Select(ad => ad.Step), .. Ads.Reverse().Select(ad => ad.CreativeStep), .. AdSets.Reverse().Select(adSet => adSet.Step), StepName.Campaign];

    /// <summary>All that is active or paused, from the top down: what stands below a paused campaign spends nothing.</summary>
    public IEnumerable<string> Switches => [StepName.Campaign, .. AdSets.Select(adSet => adSet.Step), .. Ads.Select(ad => ad.Step)];

    public AdSetNode AdSetOf(string step) => _adSets[step];

    /// <param name="step">The ad's or its creative's.</param>
    public AdNode AdOf(string step) => _ads.GetValueOrDefault(step) ?? _creatives[step];

    /// <summary>
    /// The steps the request needs: activate only when asked to publish; a request that is only to be judged has one of its own.
    /// </summary>
    /// <param name="isAwaited">Of media: false for old runs of a video that was at Meta, which nobody awaited.</param>
    public IReadOnlyList<string> Steps(Func<string, bool> isAwaited, bool autoPublish, bool validateOnly) => validateOnly ? [StepName.Validate] :
    [
        StepName.Campaign, .. AdSets.Select(adSet => adSet.Step), .. Media.Select(media => media.Step).Where(isAwaited),
        .. Ads.SelectMany(ad => (string[])[ad.CreativeStep, ad.Step]), .. autoPublish ? [StepName.Activate] : Array.Empty<string>(),
    ];

    /// <summary>What has to be confirmed before a step begins. All that can begin are under way together.</summary>
    public IReadOnlyList<string> NeedsOf(string step) => StepName.KindOf(step) switch
    {
        StepName.AdSet => [StepName.Campaign],
        // It uses nothing of the campaign; but of a campaign that Meta refuses nothing is to be left to undo.
        StepName.Creative => [StepName.Campaign, AdOf(step).MediaStep],
        // Media again: at a retry it is looked at anew, while all that was made with it may be there.
        StepName.Ad => [AdOf(step).AdSetStep, AdOf(step).CreativeStep, AdOf(step).MediaStep],
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
