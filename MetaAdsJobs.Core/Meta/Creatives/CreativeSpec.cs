using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Creatives;

/// <summary>A clip as Meta has it in one ad account.</summary>
/// <param name="VideoId">Null of an image.</param>
/// <param name="ImageHash">Of an image in the ad account's library; wins over the URL. Null of one that we could not fetch: Meta gets its URL and fetches it itself.</param>
/// <param name="PictureUrl">An image for Meta to fetch, or the picture shown before a video plays.</param>
internal sealed record ClipAtMeta(string? VideoId, string? ImageHash, string? PictureUrl);

/// <summary>What stands beside the picture: a headline, the text above it, and a line below the headline.</summary>
internal sealed record AdWords(string? Title, string? Text, string? LinkDescription);

/// <summary>A button and where it leads.</summary>
/// <param name="Value">What the button does.</param>
internal sealed record AdButton(string Type, string Link, JsonObject Value)
{
    public JsonObject ToJson() => new() { ["type"] = Type, ["value"] = Value.DeepClone() };
}

/// <summary>What an ad shows, of which there is a closed set of kinds. A creative never changes: another content is another creative.</summary>
internal abstract record CreativeSpec(string Name, string PageId)
{
    /// <summary>As whom the ad is shown on Instagram.</summary>
    public string? InstagramUserId { get; init; }

    /// <summary>Query parameters that Meta adds to every link.</summary>
    public string? UrlTags { get; init; }

    public GraphFields ToFields() => WithContent(new GraphFields().Add("name", Name)).Add("url_tags", UrlTags);

    protected abstract GraphFields WithContent(GraphFields fields);

    /// <summary>A page post that was never published.</summary>
    protected JsonObject Story(params (string Name, JsonNode? Value)[] content) => Present([("page_id", PageId), ("instagram_user_id", InstagramUserId), .. content]);

    protected static JsonObject Present(params (string Name, JsonNode? Value)[] fields) =>
        new(fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Name, field.Value)));
}

/// <summary>One video, or one image, with a button that leads to the landing page.</summary>
internal sealed record SingleCreative(string Name, string PageId, ClipAtMeta Clip, AdWords Words, AdButton Button) : CreativeSpec(Name, PageId)
{
    protected override GraphFields WithContent(GraphFields fields) => fields.Add("object_story_spec", Clip.VideoId is not null
        ? Story(("video_data", Present(
            ("video_id", Clip.VideoId), ("image_url", Clip.PictureUrl), ("title", Words.Title), ("message", Words.Text), ("link_description", Words.LinkDescription), ("call_to_action", Button.ToJson()))))
        : Story(("link_data", Present(
            ("link", Button.Link), ("name", Words.Title), ("message", Words.Text), ("description", Words.LinkDescription), ("image_hash", Clip.ImageHash),
            ("picture", Clip.ImageHash is null ? Clip.PictureUrl : null), ("call_to_action", Button.ToJson())))));
}

/// <summary>One card of a carousel. Its button leads where the card leads, as Instagram wants it.</summary>
internal sealed record CarouselCard(ClipAtMeta Clip, string? Title, string? Description, AdButton Button);

/// <summary>
/// 2 to 10 cards, images and videos mixed; a video has a picture, too. What was asked for is what is shown: the cards in their order, and none
/// of Meta's behind them, both of which Meta would do by default. Source: Meta, Carousel ads; Page post (multi_share_optimized, multi_share_end_card).
/// </summary>
internal sealed record CarouselCreative(string Name, string PageId, string Link, string? Text, IReadOnlyList<CarouselCard> Cards) : CreativeSpec(Name, PageId)
{
    protected override GraphFields WithContent(GraphFields fields) => fields.Add("object_story_spec", Story(("link_data", Present(
        ("link", Link), ("message", Text), ("child_attachments", new JsonArray([.. Cards.Select(ToJson)])), ("multi_share_optimized", false), ("multi_share_end_card", false)))));

    private static JsonObject ToJson(CarouselCard card) => Present(
        ("link", card.Button.Link), ("name", card.Title), ("description", card.Description), ("image_hash", card.Clip.ImageHash),
        ("picture", card.Clip.ImageHash is null ? card.Clip.PictureUrl : null), ("video_id", card.Clip.VideoId), ("call_to_action", card.Button.ToJson()));
}

/// <summary>
/// A post of the page that exists already, with its likes and comments. A button is put over it when there is one.
/// Source: Meta's API description (object_story_id, call_to_action, instagram_user_id beside it); that they go together is what client code does, never tried here.
/// </summary>
/// <param name="StoryId">The page's id, an underscore, and the post's.</param>
internal sealed record PostCreative(string Name, string PageId, string StoryId, AdButton? Button) : CreativeSpec(Name, PageId)
{
    protected override GraphFields WithContent(GraphFields fields) =>
        fields.Add("object_story_id", StoryId).Add("instagram_user_id", InstagramUserId).Add("call_to_action", Button?.ToJson());
}

/// <summary>
/// The same of a post or reel on Instagram, for a page. Source: Meta's API description (source_instagram_media_id); page and Instagram account beside it
/// are what client code sends, never tried here.
/// </summary>
internal sealed record InstagramPostCreative(string Name, string PageId, string MediaId, AdButton? Button) : CreativeSpec(Name, PageId)
{
    protected override GraphFields WithContent(GraphFields fields) =>
        fields.Add("object_id", PageId).Add("instagram_user_id", InstagramUserId).Add("source_instagram_media_id", MediaId).Add("call_to_action", Button?.ToJson());
}
