using System.Text.Json.Serialization;

namespace MetaAdsJobs.Core.Orchestrations.Requests.Ads;

/// <summary>
/// What an ad may be beside the usual clip with a title, a text and a link, and what it may carry. One of cards, post_id, instagram_media_id, placement_media,
/// and titles or texts.
/// </summary>
public abstract record AdContent
{
    /// <summary>A carousel: 2 to 10 cards, shown in this order.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<CardRequest>? Cards { get; init; }

    /// <summary>A post of the page: its id, or the page's id, an underscore, and the post's. It is shown as it is; with a landing_url it gets a button.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PostId { get; init; }

    /// <summary>The same of a post or reel on Instagram: Meta's id of the media.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? InstagramMediaId { get; init; }

    /// <summary>2 to 5 titles instead of creative_title; Meta chooses whom it shows which.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Titles { get; init; }

    /// <summary>2 to 5 texts instead of creative_description, likewise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Texts { get; init; }

    /// <summary>What is shown on some placements instead of the whole clip; on all others it is the clip.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PlacementMediaRequest>? PlacementMedia { get; init; }

    /// <summary>The line below the title. Of a carousel, that of cards without a description.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LinkDescription { get; init; }

    /// <summary>Query parameters that Meta adds to the links, such as utm_source=meta&amp;utm_content={{ad.id}}.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UrlTags { get; init; }

    /// <summary>As whom the ad is shown on Instagram; the account's when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? InstagramUserId { get; init; }

    /// <summary>Where conversions happen, such as example.com.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConversionDomain { get; init; }

    /// <summary>Which of <see cref="AdKind"/>.</summary>
    [JsonIgnore]
    public string Kind => Cards is not null ? AdKind.Carousel : PostId is not null ? AdKind.Post : InstagramMediaId is not null ? AdKind.InstagramPost
        : PlacementMedia is not null ? AdKind.Placements : Titles is not null || Texts is not null ? AdKind.Texts : AdKind.Single;
}

/// <summary>What an ad is. Words are stored and shown: they never change.</summary>
public static class AdKind
{
    public const string Single = "single";
    public const string Carousel = "carousel";
    public const string Post = "post";
    public const string InstagramPost = "instagram_post";
    public const string Texts = "texts";
    public const string Placements = "placements";

    /// <summary>Another creative was put there in Ads Manager: what it shows is not known here.</summary>
    public const string Outside = "outside";

    /// <summary>It exists already: nothing of ours is shown, and no clip is brought to Meta for it.</summary>
    public static bool IsPost(string kind) => kind is Post or InstagramPost;
}

/// <summary>One card of a carousel. What it does not give is that of the ad; once accepted, all that holds stands here.</summary>
public sealed record CardRequest
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ClipId { get; init; }

    /// <summary>creative_title when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Title { get; init; }

    /// <summary>link_description when absent; shown on Facebook only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LandingUrl { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallToAction { get; init; }
}

/// <summary>What is shown on some placements: another clip, or a part of an image.</summary>
public sealed record PlacementMediaRequest
{
    /// <summary>feed, stories, reels, marketplace, right_column, search, audience_network, threads.</summary>
    public required IReadOnlyList<string> Placements { get; init; }

    /// <summary>An image where the ad's clip is one, else a video; the ad's clip when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ClipId { get; init; }

    /// <summary>The part of the image that is shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CropRequest? Crop { get; init; }
}

/// <summary>In pixels from the image's upper left corner.</summary>
public sealed record CropRequest(int X, int Y, int Width, int Height);
