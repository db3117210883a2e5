using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>What Meta refuses in POST act_X/adcreatives: a story needs a page and exactly one content, a video a thumbnail.</summary>
internal static class CreativeRules
{
    private const string Story = "object_story_spec";
    private static readonly string[] Contents = ["link_data", "video_data", "photo_data", "text_data", "template_data"];

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.NameLength(call) ?? StandardEnhancements(call) ?? Content(call);

    private static StubRefusal? Content(StubCall call)
    {
        var isFromPost = call.Text("object_story_id") is not null || call.Text("source_instagram_media_id") is not null
            || call.Text("source_facebook_post_id") is not null;
        var story = call.Json(Story);
        if (story.ValueKind != JsonValueKind.Object)
            return isFromPost ? null : StubRefusal.Missing(Story);

        return LegalNestedNames.Refuse(Story, story, LegalNestedNames.Story)
            ?? (Text(story, "page_id") is null
                ? StubRefusal.Parameter(Story, "object_story_spec needs a page_id")
                : null)
            ?? OneContent(story)
            ?? Link(story)
            ?? Video(story);
    }

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
            ?? ButtonRules.Refuse(link);
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

    /// <summary>A property of the story's only content, e.g. the video_id of its video_data.</summary>
    public static string? InStory(StubCall call, string content, string name) =>
        call.Json(Story) is { ValueKind: JsonValueKind.Object } story && story.TryGetProperty(content, out var inside)
            ? Text(inside, name)
            : null;

    private static string? Text(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) && value.ToString() is { Length: > 0 } text
            ? text
            : null;

    private static bool IsUrl(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}
