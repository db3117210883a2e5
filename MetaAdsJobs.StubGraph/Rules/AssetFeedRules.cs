using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>
/// What Meta refuses in a creative's asset_feed_spec. Names are those of its API description of April 2026, numbers those of its page Asset Feed Spec
/// Options, rules those of Placement Asset Customization; where link and media of several texts stand is what client code found.
/// </summary>
internal static class AssetFeedRules
{
    public const string Feed = "asset_feed_spec";
    private const int MostAssets = 30;

    private static readonly FrozenSet<string> Names = LegalNames.Set("""
        ad_formats additional_data app_product_page_id asset_customization_rules audios autotranslate bodies call_ads_configuration
        call_to_action_types call_to_actions captions carousels ctwa_consent_data descriptions events groups images link_urls
        message_extensions onsite_destinations optimization_type promotional_metadata reasons_to_shop shops_bundle titles translations
        upcoming_events videos
        """);

    // What an asset of each list may say, and how many there may be.
    private static readonly (string List, int Most, FrozenSet<string> Names)[] Assets =
    [
        ("images", 10, LegalNames.Set("adlabels hash image_crops url url_tags")),
        ("videos", 10, LegalNames.Set("adlabels caption_ids thumbnail_hash thumbnail_url url_tags video_id")),
        ("bodies", 5, LegalNames.Set("adlabels text url_tags")),
        ("titles", 5, LegalNames.Set("adlabels text url_tags")),
        ("descriptions", 5, LegalNames.Set("adlabels text url_tags")),
        ("link_urls", 1, LegalNames.Set("""
            adlabels android_url carousel_see_more_url deeplink_url display_url ios_url object_store_urls url_tags website_url
            """)),
    ];

    private static readonly string[] TextLists = ["bodies", "titles", "descriptions"];
    private static readonly FrozenSet<string> Types = LegalNames.Set("ASSET_CUSTOMIZATION DEGREES_OF_FREEDOM LANGUAGE PLACEMENT REGULAR");
    private static readonly FrozenSet<string> Formats = LegalNames.Set("AUTOMATIC_FORMAT CAROUSEL CAROUSEL_IMAGE SINGLE_IMAGE SINGLE_VIDEO");
    private static readonly FrozenSet<string> RuleNames = LegalNames.Set("""
        body_label call_to_action_label call_to_action_type_label caption_label carousel_label customization_spec description_label
        image_label is_default link_url_label priority title_label video_label
        """);

    private static readonly FrozenSet<string> SpecNames = LegalNames.Set("""
        age_max age_min audience_network_positions device_platforms facebook_positions geo_locations instagram_positions locales
        messenger_positions publisher_platforms threads_positions
        """);

    public static StubRefusal? Refuse(JsonElement feed, JsonElement story)
    {
        var type = Text(feed, "optimization_type") ?? "REGULAR";
        return LegalNestedNames.Refuse(Feed, feed, Names)
            ?? (Types.Contains(type) ? null : Wrong($"optimization_type must be one of {{{string.Join(", ", Types.Order())}}}"))
            ?? Assets.Select(assets => Counted(feed, assets.List, assets.Most, assets.Names)).FirstOrDefault(refusal => refusal is not null)
            ?? (Assets.Sum(assets => List(feed, assets.List).Count) > MostAssets ? Wrong($"an asset feed holds {MostAssets} assets at the most") : null)
            ?? Texts(feed)
            ?? Media(feed)
            ?? (type == "DEGREES_OF_FREEDOM" ? Free(feed, story) : Whole(feed, story))
            ?? Rules(feed, type);
    }

    private static StubRefusal? Counted(JsonElement feed, string name, int most, FrozenSet<string> names)
    {
        var list = List(feed, name);
        if (list.Count > most)
            return Wrong($"{name} holds {most} at the most");

        return list.Select(asset => asset.ValueKind == JsonValueKind.Object ? LegalNestedNames.Refuse(Feed, asset, names) : Wrong($"{name} must hold objects"))
            .FirstOrDefault(refusal => refusal is not null);
    }

    private static StubRefusal? Texts(JsonElement feed)
    {
        foreach (var (name, longest) in new[] { ("bodies", 1024), ("titles", 255), ("descriptions", 255) })
        {
            if (List(feed, name).Any(asset => Text(asset, "text") is not { } text || text.Length > longest))
                return Wrong($"each of {name} needs a text of at most {longest} characters");
        }

        return null;
    }

    private static StubRefusal? Media(JsonElement feed)
    {
        if (List(feed, "images").Any(image => Text(image, "hash") is null && Text(image, "url") is null))
            return Wrong("an image needs a hash or a url");
        if (List(feed, "images").Select(image => CropRules.Refuse(Feed, image)).FirstOrDefault(refusal => refusal is not null) is { } crop)
            return crop;
        if (List(feed, "videos").Any(video => Text(video, "video_id") is null))
            return Wrong("a video needs a video_id");
        if (List(feed, "videos").Any(video => Text(video, "thumbnail_url") is null && Text(video, "thumbnail_hash") is null))
            return StubRefusal.Parameter(Feed, 1443226, "Video thumbnail is missing", "each of videos needs a thumbnail_url or thumbnail_hash");

        return null;
    }

    // Several texts for one picture: an image stands in the story as well, with its link; of a video the story has the link only.
    private static StubRefusal? Free(JsonElement feed, JsonElement story)
    {
        var link = story.TryGetProperty("link_data", out var data) ? data : default;
        if (story.TryGetProperty("video_data", out _))
            return StubRefusal.Parameter("object_story_spec", 1443048, "Content is ambiguous", "the video stands in the asset feed, not in video_data");
        if (Text(link, "link") is null)
            return StubRefusal.Parameter("object_story_spec", 2061015, "Link is missing", "The link field is required.");
        if (List(feed, "titles").Count < 2 && List(feed, "bodies").Count < 2 && List(feed, "descriptions").Count < 2)
            return Wrong("DEGREES_OF_FREEDOM wants several of something");

        return List(feed, "videos").Count > 0
            ? Whole(feed, default)
            : Text(link, "image_hash") is null && Text(link, "picture") is null ? Wrong("the image stands in link_data, too") : null;
    }

    // Everything stands in the feed.
    private static StubRefusal? Whole(JsonElement feed, JsonElement story)
    {
        if (story.ValueKind == JsonValueKind.Object && story.EnumerateObject().Any(part => part.Name is not ("page_id" or "instagram_user_id")))
            return StubRefusal.Parameter("object_story_spec", 1443048, "Content is ambiguous", "content stands in the asset feed, not in the story");

        var formats = List(feed, "ad_formats");
        if (formats.Count != 1 || !Formats.Contains(formats[0].ToString()))
            return Wrong($"ad_formats must hold one of {{{string.Join(", ", Formats.Order())}}}");
        if (List(feed, formats[0].ToString() == "SINGLE_VIDEO" ? "videos" : "images").Count == 0)
            return Wrong($"{formats[0]} needs its media");
        if (List(feed, "call_to_action_types").Count > 5)
            return Wrong("call_to_action_types holds 5 at the most");

        return List(feed, "link_urls").FirstOrDefault() is { ValueKind: JsonValueKind.Object } link && CreativeRules.IsUrl(Text(link, "website_url"))
            ? null
            : StubRefusal.Parameter(Feed, 1885800, "Link is missing", "link_urls needs a website_url");
    }

    private static StubRefusal? Rules(JsonElement feed, string type)
    {
        var rules = List(feed, "asset_customization_rules");
        if (type != "PLACEMENT")
            return rules.Count > 0 ? Wrong($"asset_customization_rules do not go with {type}") : null;
        if (rules.Count < 2)
            return Wrong("asset_customization_rules must be two at least");
        if (TextLists.FirstOrDefault(name => List(feed, name).Count(asset => !asset.TryGetProperty("adlabels", out _)) > 1) is { } several)
            return Wrong($"{several} without labels must be one");

        var isVideo = List(feed, "ad_formats")[0].ToString() == "SINGLE_VIDEO";
        var labels = List(feed, isVideo ? "videos" : "images").SelectMany(asset => List(asset, "adlabels")).Select(label => Text(label, "name")).ToHashSet();
        foreach (var rule in rules)
        {
            var spec = rule.TryGetProperty("customization_spec", out var given) ? given : default;
            if (spec.ValueKind != JsonValueKind.Object)
                return StubRefusal.Parameter(Feed, 1487390, "Adcreative Create Failed", "every rule needs a customization_spec");
            if ((LegalNestedNames.Refuse(Feed, rule, RuleNames) ?? LegalNestedNames.Refuse(Feed, spec, SpecNames) ?? PlacementRules.Refuse(Feed, spec, isWhole: true)) is { } wrong)
                return wrong;
            if (!rule.TryGetProperty(isVideo ? "video_label" : "image_label", out var label) || !labels.Contains(Text(label, "name")))
                return StubRefusal.Parameter(Feed, 2446173, "Label is unknown", "a rule's label must be one of an asset");
        }

        return rules.FindAll(rule => rule.GetProperty("customization_spec").EnumerateObject().Any()) is var others && others.Count == rules.Count - 1
            && !rules[^1].GetProperty("customization_spec").EnumerateObject().Any()
            ? null
            : StubRefusal.Parameter(Feed, 1885923, "Missing Default Asset Customization Rule", "the last rule, and only that, must have an empty customization_spec");
    }

    private static StubRefusal Wrong(string why) => StubRefusal.Parameter(Feed, why);

    private static List<JsonElement> List(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static string? Text(JsonElement map, string name) => CreativeRules.Text(map, name);
}

/// <summary>Parts of images: by the shapes that Meta knows, and of about that shape.</summary>
internal static class CropRules
{
    private static readonly FrozenSet<string> Shapes = LegalNames.Set("100x100 100x72 191x100 300x400 400x150 400x500 600x360 90x160");

    public static StubRefusal? Refuse(string parameter, JsonElement image)
    {
        if (!image.TryGetProperty("image_crops", out var crops))
            return null;
        if (crops.ValueKind != JsonValueKind.Object)
            return StubRefusal.Parameter(parameter, "image_crops must be an object");

        return LegalNestedNames.Refuse(parameter, crops, Shapes)
            ?? (crops.EnumerateObject().All(IsShaped) ? null : StubRefusal.Parameter(parameter, "a crop must be [[left,top],[right,bottom]] with the ratio of its key"));
    }

    private static bool IsShaped(JsonProperty crop)
    {
        var shape = crop.Name.Split('x').Select(int.Parse).ToArray();
        if (crop.Value.ValueKind != JsonValueKind.Array || crop.Value.EnumerateArray().Any(corner => corner.ValueKind != JsonValueKind.Array))
            return false;
        if (crop.Value.EnumerateArray().Select(corner => corner.EnumerateArray().Select(edge => edge.GetInt32()).ToArray()).ToArray() is not [[>= 0 and var left, >= 0 and var top], [var right, var bottom]])
            return false;

        var (width, height) = (right - left, bottom - top);
        return width > 0 && height > 0 && Math.Abs(((double)width / height * shape[1] / shape[0]) - 1) < 0.02;
    }
}
