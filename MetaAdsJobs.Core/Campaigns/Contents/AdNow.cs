using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Core.Campaigns.Contents;

/// <summary>An ad set as it is now.</summary>
/// <param name="Step">Of the run that has made it.</param>
/// <param name="Run">What the run was asked for.</param>
internal sealed record AdSetNow(string Step, OrchestrationRequest Run, JsonObject Targeting)
{
    private readonly AdSetNode _node = new TreeShape(Run).AdSetOf(Step);

    /// <summary>Its first ad as a request of its own.</summary>
    public OrchestrationRequest Request => _node.Request;

    /// <summary>All its ads have whom to be shown as there.</summary>
    public bool IsOnInstagram(SocialAccount account) => _node.Ads.All(ad => (ad.Request.InstagramUserId ?? account.InstagramUserId) is not null);
}

/// <summary>An ad as it is now: its run's request has what it began with.</summary>
/// <param name="Step">Of the run that has made it.</param>
/// <param name="Targeting">Its ad set's.</param>
/// <param name="Content">What it shows; null when that was changed in Ads Manager.</param>
/// <param name="CreativeId">Meta's id of what it shows.</param>
internal sealed record AdNow(string Step, OrchestrationRequest Run, JsonObject Targeting, AdRequest? Content, string CreativeId)
{
    public static AdNow Of(string step, OrchestrationRequest run, string targeting, string? content, string kind, string creativeId) => new(
        step, run, Parse(targeting), content is not null ? JsonSerializer.Deserialize<AdRequest>(content, OrchestrationRequest.Json)
            : kind == AdKind.Outside ? null : AdRequest.Of(new TreeShape(run).AdOf(step).Request, null), creativeId);

    /// <summary>As a request of its own.</summary>
    public OrchestrationRequest Request => new TreeShape(Run).AdOf(Step).Request with { Targeting = Targeting };

    /// <summary>What it shows.</summary>
    public IEnumerable<Guid> Clips => Content is null ? AdNode.ClipsOf(Request)
        : ((Guid?[])[Content.ClipId, .. Content.Cards?.Select(card => card.ClipId) ?? [], .. Content.PlacementMedia?.Select(media => media.ClipId) ?? []]).OfType<Guid>();

    /// <summary>What the run would have been asked for: all else as it was, the ad with this content in its ad set of today.</summary>
    public OrchestrationRequest With(AdRequest content)
    {
        if (Run.AdSets is null) return (AdSetRequest.Of(Run, null, []) with { Targeting = Targeting }).With(Run, content);
        var sets = new TreeShape(Run).AdSets;
        return Run with
        {
            AdSets = [.. Run.AdSets.Zip(sets, (set, node) => node.Ads.All(ad => ad.Step != Step) ? set : set with
            {
                Targeting = Targeting, Ads = [.. set.Ads.Zip(node.Ads, (ad, each) => each.Step == Step ? content with { Name = ad.Name } : ad)],
            })],
        };
    }

    public static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
