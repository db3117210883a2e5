using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>Everything that an ad set could promote; the goal tells what of it.</summary>
/// <param name="PixelEvent">To count instead of the goal's usual one.</param>
internal sealed record Promotion(string PageId, string? PixelId, string? PixelEvent = null, string? ApplicationId = null, string? ObjectStoreUrl = null)
{
    public JsonObject? Of(GoalRule rule, string goal) => rule.Promotes switch
    {
        PromotedObject.Page => new() { ["page_id"] = PageId },
        PromotedObject.Pixel when PixelId is null => throw new MetaException(Proof.Rejected, $"{goal} counts events of a pixel, and the account has no pixel_id any more"),
        PromotedObject.Pixel => new() { ["pixel_id"] = PixelId, ["custom_event_type"] = PixelEvent ?? rule.PixelEvent },
        PromotedObject.App => new() { ["application_id"] = ApplicationId, ["object_store_url"] = ObjectStoreUrl },
        _ => null,
    };

    /// <summary>False where something is not known that the rule promotes.</summary>
    public bool IsEnoughFor(GoalRule rule) => rule.Promotes switch
    {
        PromotedObject.Pixel => PixelId is not null,
        PromotedObject.App => ApplicationId is not null && ObjectStoreUrl is not null,
        _ => true,
    };
}
