using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>A clip as its publisher tells of it.</summary>
/// <param name="Key">The publisher's own id of it.</param>
/// <param name="Shown">What is shown of it; its id here is not put in yet.</param>
/// <param name="Tells">What is told of it, by the names that placeholders have; null: nothing.</param>
/// <param name="AccountIds">Where it is to be advertised; null: wherever the publisher has a template.</param>
/// <param name="ChangedAt">When it was changed last, or published, by the publisher's clock; null when that is not told.</param>
internal sealed partial record PublishedClip(string Key, Clip Shown, Func<string, string?> Tells, Guid[]? AccountIds, DateTimeOffset? ChangedAt)
{
    public const string FieldsPrefix = "fields.";
    public const int MostAccounts = 20;
    private const int MostFields = 50;
    private const int LongestText = 5000;

    /// <summary>What may be told of a clip beside fields of the publisher's own.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["clip_id", "title", "caption", "url", "video_url", "video_id", "image_url", "thumbnail_url", "language", "country", "published_at"];

    /// <summary>
    /// The clip's id here. It is made of all that it shows: told again it is the same, and shown otherwise it is another, since clips do not change.
    /// Whoever knows that can make it, too: what there is under it is looked at before it is taken for this clip.
    /// </summary>
    public static Guid IdOf(Guid publisherId, string key, Clip shown)
    {
        var content = new JsonArray($"{publisherId}", key, shown.Title, shown.VideoUrl, shown.VideoId, shown.ImageUrl, shown.ThumbnailUrl).ToJsonString();
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(content)).AsSpan(0, 16);
        // Version 8, of our own making.
        (bytes[6], bytes[8]) = ((byte)(bytes[6] & 0x0F | 0x80), (byte)(bytes[8] & 0x3F | 0x80));
        return new(bytes, bigEndian: true);
    }

    /// <returns>Null when something is wrong.</returns>
    public static PublishedClip? Read(JsonFields fields)
    {
        var key = fields.Text("clip_id", required: true, max: 200);
        var shown = SaveClip.Read(fields);
        var values = new Dictionary<string, string>();
        fields.Text("caption", max: LongestText, multiline: true);
        fields.HttpUrl("url");
        var language = fields.Text("language", max: 20);
        if (language is not null && !Language().IsMatch(language)) fields.Refuse("language", "must be a language such as es or pt-BR");
        var country = fields.Text("country", max: 2);
        if (country is not null && !Country().IsMatch(country)) fields.Refuse("country", "must be a country of two capital letters, such as ES");
        var (published, updated) = (fields.Moment("published_at"), fields.Moment("updated_at"));
        foreach (var name in Names)
            if (new JsonFields(fields.Element, new()).Text(name, max: LongestText, multiline: true) is { } value) values[name] = value;
        if (published is { } at) values["published_at"] = at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        ReadOwn(fields.Object("fields"), values);
        var accounts = Accounts(fields);
        fields.RefuseUnknown();
        return fields.Errors.Any ? null : new(key!, shown, name => values.GetValueOrDefault(name), accounts, updated ?? published);
    }

    private static void ReadOwn(JsonFields? own, Dictionary<string, string> values)
    {
        if (own is null) return;
        foreach (var (index, field) in own.Element.EnumerateObject().Index())
        {
            if (index == MostFields)
            {
                own.Errors.Add(own.PathOf("").TrimEnd('.'), $"must hold at most {MostFields} fields");
                return;
            }

            if (!OwnName().IsMatch(field.Name)) own.Errors.Add(own.PathOf("").TrimEnd('.'), "must have a name of at most 50 small letters, digits and underscores");
            else if (own.Text(field.Name, max: LongestText, multiline: true) is { } value) values[FieldsPrefix + field.Name] = value;
        }
    }

    private static Guid[]? Accounts(JsonFields fields)
    {
        var (one, several) = (fields.Id("social_account_id"), fields.List("social_account_ids", MostAccounts, (item, path) => AccountOf(fields, item, path)));
        if (several is []) fields.Refuse("social_account_ids", "must hold at least one; leave it out for every account with a template");
        if (one is not null && several is not null) fields.Refuse("social_account_ids", "cannot be given together with social_account_id");
        return one is { } id ? [id] : several?.Select(Guid.Parse).Distinct().ToArray();
    }

    private static string? AccountOf(JsonFields fields, JsonElement item, string path)
    {
        if (fields.TextOf(item, path, 100) is not { } text) return null;
        if (Guid.TryParseExact(text, "D", out _)) return text;
        fields.Errors.Add(path, "must be a UUID such as 0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10");
        return null;
    }

    [GeneratedRegex("^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")]
    private static partial Regex Language();

    [GeneratedRegex("^[A-Z]{2}$")]
    private static partial Regex Country();

    [GeneratedRegex("^[a-z0-9_]{1,50}$")]
    internal static partial Regex OwnName();
}
