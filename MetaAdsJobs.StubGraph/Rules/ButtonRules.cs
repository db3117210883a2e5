using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

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
