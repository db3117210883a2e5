using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Creatives;

/// <summary>A creative that gives Meta several of something in an asset feed, one of which it shows.</summary>
internal abstract record AssetFeeds(string Name, string PageId, AdButton Button) : CreativeSpec(Name, PageId)
{
    protected static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => new JsonObject { ["text"] = text })];

    protected static JsonArray? Texts(string? text) => text is null ? null : Texts([text]);

    protected JsonArray Links => [new JsonObject { ["website_url"] = Button.Link }];

    protected static JsonObject Image(ClipAtMeta clip) => clip.ImageHash is not null ? new() { ["hash"] = clip.ImageHash } : new() { ["url"] = clip.PictureUrl };

    protected static JsonObject Video(ClipAtMeta clip) => Present(("video_id", clip.VideoId), ("thumbnail_url", clip.PictureUrl));
}

/// <summary>
/// One picture with up to five headlines and five texts, of which Meta shows whom which. This is what Ads Manager calls multiple text options; other than
/// dynamic creative it asks nothing of the ad set, and leaves room for other ads in it. Where an image's link and button stand (in the story), and a video's
/// (in the feed, with the bare link in the story), is what a client's authors tried on a sandbox account in 2026; Meta's pages tell nothing of it.
/// </summary>
internal sealed record TextsCreative(string Name, string PageId, ClipAtMeta Clip, IReadOnlyList<string> Titles, IReadOnlyList<string> Bodies, string? LinkDescription, AdButton Button)
    : AssetFeeds(Name, PageId, Button)
{
    protected override GraphFields WithContent(GraphFields fields)
    {
        (string, JsonNode?)[] words = [("titles", Texts(Titles)), ("bodies", Bodies.Count == 0 ? null : Texts(Bodies)), ("descriptions", Texts(LinkDescription))];
        const string Freedom = "DEGREES_OF_FREEDOM";
        return Clip.VideoId is null
            ? fields
                .Add("object_story_spec", Story(("link_data", Present(
                    ("link", Button.Link), ("image_hash", Clip.ImageHash), ("picture", Clip.ImageHash is null ? Clip.PictureUrl : null), ("call_to_action", Button.ToJson())))))
                .Add("asset_feed_spec", Present([("optimization_type", Freedom), ("images", new JsonArray(Image(Clip))), .. words]))
            : fields
                .Add("object_story_spec", Story(("link_data", new JsonObject { ["link"] = Button.Link })))
                .Add("asset_feed_spec", Present([
                    ("optimization_type", Freedom), ("ad_formats", new JsonArray("SINGLE_VIDEO")), ("videos", new JsonArray(Video(Clip))), .. words,
                    ("link_urls", Links), ("call_to_action_types", new JsonArray(Button.Type))]));
    }
}

/// <summary>A picture for some placements.</summary>
/// <param name="Families">Of <see cref="PlacementFamilies"/>.</param>
/// <param name="Crop">The part of an image that is shown there.</param>
internal sealed record PlacementPicture(IReadOnlyList<string> Families, ClipAtMeta Clip, ImageCrop? Crop);

/// <summary>
/// Another picture, or another part of it, by placement, and one for all other placements: all of them images or all videos. The last rule is
/// empty and stands for what no other takes; without it Meta refuses (1885923).
/// Source: Meta, Placement Asset Customization, whose example has this form.
/// </summary>
/// <param name="Targeting">Of the ad set: rules name only placements that are shown on.</param>
internal sealed record PlacementCreative(string Name, string PageId, ClipAtMeta Clip, IReadOnlyList<PlacementPicture> Pictures, AdWords Words, AdButton Button, JsonObject Targeting)
    : AssetFeeds(Name, PageId, Button)
{
    private const string Elsewhere = "elsewhere";

    protected override GraphFields WithContent(GraphFields fields)
    {
        var isVideo = Clip.VideoId is not null;
        var rules = Pictures.Select(picture => (Label: string.Join('_', picture.Families), picture.Clip, picture.Crop, Places: PlacementFamilies.Within(picture.Families, Targeting, InstagramUserId is not null)))
            .Append((Elsewhere, Clip, null, []));
        return fields
            .Add("object_story_spec", Story())
            .Add("asset_feed_spec", Present(
                ("optimization_type", "PLACEMENT"), ("ad_formats", new JsonArray(isVideo ? "SINGLE_VIDEO" : "SINGLE_IMAGE")),
                (isVideo ? "videos" : "images", new JsonArray([.. rules.Select(rule => Labelled(rule.Label, rule.Clip, rule.Crop))])),
                ("titles", Texts(Words.Title)), ("bodies", Texts(Words.Text)), ("descriptions", Texts(Words.LinkDescription)),
                ("link_urls", Links), ("call_to_action_types", new JsonArray(Button.Type)),
                ("asset_customization_rules", new JsonArray([.. rules.Select(rule => new JsonObject
                {
                    ["customization_spec"] = rule.Places, [isVideo ? "video_label" : "image_label"] = new JsonObject { ["name"] = rule.Label },
                })]))));
    }

    private static JsonObject Labelled(string label, ClipAtMeta clip, ImageCrop? crop)
    {
        var asset = clip.VideoId is not null ? Video(clip) : Image(clip);
        if (crop is not null) asset["image_crops"] = crop.ToJson();
        asset["adlabels"] = new JsonArray(new JsonObject { ["name"] = label });
        return asset;
    }
}
