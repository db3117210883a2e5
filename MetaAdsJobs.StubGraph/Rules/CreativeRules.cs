using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>
/// What Meta refuses in POST act_X/adcreatives: there is one source of content, a story needs a page and exactly one content, a video a thumbnail, a
/// carousel two to ten cards.
/// </summary>
internal static class CreativeRules
{
    private const string Story = "object_story_spec";
    private const string Post = "object_story_id";
    private const string InstagramPost = "source_instagram_media_id";
    private static readonly string[] Sources = [Story, Post, InstagramPost, "source_facebook_post_id"];
    private static readonly string[] Contents = ["link_data", "video_data", "photo_data", "text_data", "template_data"];

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.NameLength(call) ?? StandardEnhancements(call) ?? UrlTags(call) ?? Content(call);

    private static StubRefusal? Content(StubCall call)
    {
        var sources = Sources.Where(source => call.Text(source) is not null).ToList();
        if (sources.Count > 1)
            return StubRefusal.Parameter(sources[1], 1443048, "Content is ambiguous", $"{sources[1]} cannot be given together with {sources[0]}");

        var story = call.Json(Story);
        if (story.ValueKind != JsonValueKind.Object)
            return sources.Count == 0 || sources[0] == Story ? StubRefusal.Missing(Story) : OfPost(call);

        var feed = call.Json(AssetFeedRules.Feed);
        return LegalNestedNames.Refuse(Story, story, LegalNestedNames.Story)
            ?? (Text(story, "page_id") is null
                ? StubRefusal.Parameter(Story, "object_story_spec needs a page_id")
                : null)
            ?? (feed.ValueKind == JsonValueKind.Object ? AssetFeedRules.Refuse(feed, story) : OneContent(story))
            ?? Link(story)
            ?? Video(story);
    }

    private static StubRefusal? OfPost(StubCall call)
    {
        if (call.Text(Post) is { } post && (post.Split('_') is not [var page, var own] || !IsId(page) || !IsId(own)))
            return StubRefusal.Parameter(Post, "(#100) Invalid post_id parameter");
        if (call.Text(InstagramPost) is { } media && !IsId(media))
            return StubRefusal.Parameter(InstagramPost, "must be the id of a post on Instagram");
        if (call.Text(InstagramPost) is not null && call.Text("instagram_user_id") is null)
            return StubRefusal.Parameter("instagram_user_id", 1772103, "Instagram Account Is Missing", "a post on Instagram needs the account that it is shown as");
        if (call.Text(AssetFeedRules.Feed) is not null)
            return StubRefusal.Parameter(AssetFeedRules.Feed, "Placement Asset Customization with existing posts is not supported via the API");

        return call.Text("call_to_action") is null ? null : CallToAction("call_to_action", call.Json("call_to_action"), null);
    }

    private static StubRefusal? UrlTags(StubCall call) => call.Text("url_tags") is { } tags && (tags.StartsWith('?') || tags.Any(char.IsWhiteSpace))
        ? StubRefusal.Parameter("url_tags", "must be query parameters, without a ? and spaces")
        : null;

    private static StubRefusal? OneContent(JsonElement story)
    {
        var given = Contents.Where(name => story.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object);
        return given.Count() == 1
            ? null
            : StubRefusal.Parameter(
                Story, 1443048, "Content is ambiguous", $"object_story_spec needs exactly one of {string.Join(", ", Contents)}");
    }

    private static StubRefusal? Link(JsonElement story)
    {
        if (!story.TryGetProperty("link_data", out var link))
            return null;

        return LegalNestedNames.Refuse(Story, link, LegalNestedNames.LinkStory)
            ?? (IsUrl(Text(link, "link")) ? null : StubRefusal.Parameter(Story, "link_data needs a link, an absolute URL"))
            ?? CallToAction(Story, link.TryGetProperty("call_to_action", out var button) ? button : default, Text(link, "link"))
            ?? ButtonRules.Refuse(link)
            ?? CropRules.Refuse(Story, link)
            ?? (link.TryGetProperty("child_attachments", out var cards) ? Carousel(cards, link) : null);
    }

    private static StubRefusal? Carousel(JsonElement cards, JsonElement link)
    {
        if (cards.ValueKind != JsonValueKind.Array || cards.GetArrayLength() is < 2 or > 10)
            return StubRefusal.Parameter(Story, "child_attachments must be 2 to 10");

        var ofAll = Text(link, "image_hash") ?? Text(link, "picture");
        return cards.EnumerateArray().Select(card => Card(card, ofAll)).FirstOrDefault(refusal => refusal is not null);
    }

    // Facebook takes the picture of the whole for an image without one; a video must have its own.
    private static StubRefusal? Card(JsonElement card, string? pictureOfAll)
    {
        if (card.ValueKind != JsonValueKind.Object)
            return StubRefusal.Parameter(Story, "child_attachments must hold objects");

        var picture = Text(card, "image_hash") ?? Text(card, "picture");
        return LegalNestedNames.Refuse(Story, card, LegalNestedNames.Card)
            ?? (IsUrl(Text(card, "link")) ? null : StubRefusal.Parameter(Story, "each of child_attachments needs a link, an absolute URL"))
            ?? (picture is null && Text(card, "video_id") is not null
                ? StubRefusal.Parameter(Story, 1443226, "Video thumbnail is missing", "a card with a video needs an image_hash or picture")
                : null)
            ?? (picture is null && pictureOfAll is null ? StubRefusal.Parameter(Story, "each of child_attachments needs an image_hash or picture") : null)
            ?? CropRules.Refuse(Story, card)
            ?? CallToAction(Story, card.TryGetProperty("call_to_action", out var button) ? button : default, Text(card, "link"));
    }

    private static StubRefusal? CallToAction(string parameter, JsonElement button, string? link)
    {
        if (button.ValueKind == JsonValueKind.Undefined)
            return null;
        if (Text(button, "type") is null)
            return StubRefusal.Parameter(parameter, "call_to_action needs a type");

        return link is not null && button.TryGetProperty("value", out var value) && Text(value, "link") is { } leads && leads != link
            ? StubRefusal.Parameter(parameter, "the link of call_to_action must be that of what it belongs to")
            : null;
    }

    private static StubRefusal? Video(JsonElement story)
    {
        if (!story.TryGetProperty("video_data", out var video))
            return null;

        var hasThumbnail = Text(video, "image_hash") is not null || Text(video, "image_url") is not null;
        return LegalNestedNames.Refuse(Story, video, LegalNestedNames.VideoStory)
            ?? (Text(video, "video_id") is null ? StubRefusal.Parameter(Story, "video_data needs a video_id") : null)
            ?? (hasThumbnail
                ? null
                : StubRefusal.Parameter(
                    Story, 1443226, "Video thumbnail is missing", "video_data needs an image_hash or image_url as thumbnail"))
            ?? ButtonRules.Refuse(video);
    }

    // A bundle until v22; since then single features have to be named.
    private static StubRefusal? StandardEnhancements(StubCall call) =>
        call.Text("degrees_of_freedom_spec")?.Contains("\"standard_enhancements\"", StringComparison.Ordinal) == true
            ? StubRefusal.Parameter(
                "degrees_of_freedom_spec", 3858504, "Feature is gone", "standard_enhancements was replaced by single features")
            : null;

    /// <summary>What of a name stands anywhere in what is shown, e.g. all video_id of story and asset feed.</summary>
    public static string[] Shown(StubCall call, params string[] names) =>
        [.. new[] { Story, AssetFeedRules.Feed }.SelectMany(part => Shown(call.Json(part), names)).Distinct()];

    private static IEnumerable<string> Shown(JsonElement element, string[] names) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(field => names.Contains(field.Name) ? [field.Value.ToString()] : Shown(field.Value, names)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Shown(item, names)),
        _ => [],
    };

    internal static string? Text(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) && value.ToString() is { Length: > 0 } text
            ? text
            : null;

    private static bool IsId(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    internal static bool IsUrl(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}

/// <summary>Buttons that open something else than a website: a form has its own words and link, a chat's word must name the same chat.</summary>
internal static class ButtonRules
{
    private const string Story = "object_story_spec";
    private static readonly FrozenSet<string> FormWords = LegalNames.Set("APPLY_NOW DOWNLOAD GET_QUOTE LEARN_MORE SIGN_UP SUBSCRIBE");

    private static readonly Dictionary<string, string> ChatOf = new()
    {
        ["MESSAGE_PAGE"] = "MESSENGER", ["INSTAGRAM_MESSAGE"] = "INSTAGRAM_DIRECT", ["WHATSAPP_MESSAGE"] = "WHATSAPP",
    };

    /// <param name="content">What holds the button: link_data or video_data.</param>
    public static StubRefusal? Refuse(JsonElement content)
    {
        if (!content.TryGetProperty("call_to_action", out var button) || button.ValueKind != JsonValueKind.Object)
            return null;

        if (Text(button, "type") is not { } type)
            return StubRefusal.Parameter(Story, "A call_to_action needs a type");

        button.TryGetProperty("value", out var value);
        return Form(content, type, value) ?? Chat(type, Text(value, "app_destination"));
    }

    private static StubRefusal? Form(JsonElement content, string type, JsonElement value)
    {
        if (Text(value, "lead_gen_form_id") is null)
            return null;

        if (!FormWords.Contains(type))
            return StubRefusal.Parameter(Story, $"The call to action {type} cannot open a form");

        return IsFormLink(Text(content, "link") ?? Text(value, "link"))
            ? null
            : StubRefusal.Parameter(Story, "The link of an ad with a form must be http://fb.me/");
    }

    private static StubRefusal? Chat(string type, string? chat) =>
        ChatOf.TryGetValue(type, out var right) ? chat == right ? null : StubRefusal.Parameter(Story, $"{type} needs the app_destination {right}")
        : chat is null or "MESSENGER" ? null : StubRefusal.Parameter(Story, $"The call to action {type} does not open {chat}");

    private static bool IsFormLink(string? link) => link is not null && new Uri(link) is { Host: "fb.me", AbsolutePath: "/" };

    private static string? Text(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;
}
