using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>What is put in for placeholders that are not of the clip itself.</summary>
/// <param name="ClipId">The clip's id here.</param>
/// <param name="Today">In the account's own zone.</param>
internal sealed record RenderingFacts(Guid AccountId, Guid ClipId, DateOnly Today, string Publisher);

/// <summary>
/// Makes a request of a template and a clip. Only texts are rendered, and only by names of a closed list: nothing that a clip says can become a field, a number or another account.
/// </summary>
internal static partial class ClipRendering
{
    public const string Account = "social_account_id";
    public const string ClipId = "clip_id";
    private const string OfClip = "clip.";
    private const string Parameters = "url_tags";

    public static readonly string Known = $"{{clip}}, {string.Join(", ", PublishedClip.Names.Select(name => $"{{clip.{name}}}"))}, {{clip.{PublishedClip.FieldsPrefix}…}}, {{date}}, {{publisher}}";

    /// <summary>Whether a placeholder of that name can stand for something that clips tell.</summary>
    public static bool IsOfClip(string name) =>
        PublishedClip.Names.Contains(name) || (name.StartsWith(PublishedClip.FieldsPrefix, StringComparison.Ordinal) && PublishedClip.OwnName().IsMatch(name[PublishedClip.FieldsPrefix.Length..]));

    /// <param name="template">With placeholders.</param>
    /// <param name="valueOf">What the clip, or the template's defaults, tell by a name; null: nothing.</param>
    /// <param name="errors">Told what cannot be put in, by the path of the text.</param>
    /// <returns>The body of a request, of that account and with that clip.</returns>
    public static JsonObject Make(JsonObject template, Func<string, string?> valueOf, RenderingFacts facts, FieldErrors errors)
    {
        var made = Fill(template, "", "", valueOf, facts, errors)!.AsObject();
        made[Account] = facts.AccountId;
        // One that says null has none, such as an existing post.
        if (!made.ContainsKey(ClipId)) made[ClipId] = facts.ClipId;
        return made;
    }

    private static JsonNode? Fill(JsonNode? node, string path, string name, Func<string, string?> valueOf, RenderingFacts facts, FieldErrors errors) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Fill(field.Value, path.Length == 0 ? field.Key : $"{path}.{field.Key}", field.Key, valueOf, facts, errors)))),
        JsonArray items => new JsonArray([.. items.Select((item, index) => Fill(item, $"{path}[{index}]", name, valueOf, facts, errors))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => FillText((string)value!, path, name, valueOf, facts, errors),
        _ => node?.DeepClone(),
    };

    private static string FillText(string text, string path, string name, Func<string, string?> valueOf, RenderingFacts facts, FieldErrors errors)
    {
        var isUrl = name.EndsWith("_url", StringComparison.Ordinal);
        return Placeholders.Fill(text, ValueAt, message => errors.Add(path, message), Known, keepsDouble: true);

        string ValueAt(string placeholder, int at)
        {
            var (asked, most) = Cut(placeholder);
            var value = asked switch
            {
                "clip" => $"{facts.ClipId}",
                "date" => facts.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                "publisher" => facts.Publisher,
                _ when asked.StartsWith(OfClip, StringComparison.Ordinal) && IsOfClip(asked[OfClip.Length..]) => valueOf(asked[OfClip.Length..]) ?? Missing($"{{{asked}}}: the clip has none, and the template has no default for it"),
                _ => Missing($"{{{placeholder.Cut(50)}}} is no placeholder; known: {Known}"),
            };
            if (most < value.Length) value = value.Cut(most).TrimEnd();
            // Behind what the template writes of an address it is one part of it, whatever it holds; what stands before, or alone, is a piece of an address itself. So is a field of the program's own in the path.
            if (name != Parameters && !(isUrl && Placeholders.IsBehindText(text, at))) return value;
            return name != Parameters && asked.StartsWith(OfClip + PublishedClip.FieldsPrefix, StringComparison.Ordinal) && IsInPath(text[..at]) ? PieceOf(value) : Uri.EscapeDataString(value);
        }

        string Missing(string message)
        {
            errors.AddOnce(path, message);
            return "";
        }
    }

    // Its host has ended, and its path has not: a clip never says where an address leads to.
    private static bool IsInPath(string before)
    {
        var text = Placeholders.Instead(before, "x");
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (text.AsSpan().IndexOfAny("?&=#") >= 0 || (scheme < 0 && text.Contains(':', StringComparison.Ordinal))) return false;
        return text[(scheme < 0 ? 0 : scheme + 3)..].IndexOf('/', StringComparison.Ordinal) > 0;
    }

    // As it is, but for what no address holds.
    private static string PieceOf(string value) => NoneOfAddresses().Replace(value, found => Uri.EscapeDataString(found.Value));

    [GeneratedRegex(@"[^A-Za-z0-9\-._~/?#\[\]@!$&'()*+,;=:%]+|%(?![0-9A-Fa-f]{2})")]
    private static partial Regex NoneOfAddresses();

    // {clip.caption:90}: its first 90 characters.
    private static (string Name, int Most) Cut(string placeholder) =>
        placeholder.Split(':') is [var name, var length] && int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0 ? (name, most) : (placeholder, int.MaxValue);
}
