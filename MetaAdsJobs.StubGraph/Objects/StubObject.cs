using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>One object as the Graph shows it, its effective status already following from its parents.</summary>
internal sealed record StubObject(
    string Id,
    StubKind Kind,
    string AccountId,
    string? ParentId,
    string? CampaignId,
    string? CreativeId,
    string Name,
    string Status,
    string EffectiveStatus,
    JsonElement Fields,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public const string Columns =
        "id, kind, account_id, parent_id, campaign_id, creative_id, name, status, effective_status, fields, created_at, updated_at";

    public static StubObject Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        StubKind.Named(row.GetString(1)),
        row.GetString(2),
        Nullable(row, 3),
        Nullable(row, 4),
        Nullable(row, 5),
        row.GetString(6),
        row.GetString(7),
        row.GetString(8),
        JsonElement.Parse(row.GetString(9)),
        row.GetFieldValue<DateTimeOffset>(10),
        row.GetFieldValue<DateTimeOffset>(11));

    private static string? Nullable(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>A kind of object in the Graph: its name in the table, its edge under the account, and how its ids begin.</summary>
internal sealed record StubKind(string Name, string Edge, string NodeType, string IdPrefix)
{
    public static readonly StubKind Campaign = new("campaign", "campaigns", "Campaign", "META_CAMPAIGN_");
    public static readonly StubKind AdSet = new("adset", "adsets", "AdSet", "META_ADSET_");
    public static readonly StubKind Creative = new("creative", "adcreatives", "AdCreative", "META_CREATIVE_");
    public static readonly StubKind Ad = new("ad", "ads", "Ad", "META_AD_");
    public static readonly StubKind Video = new("video", "advideos", "AdVideo", "META_VIDEO_");
    public static readonly StubKind Image = new("image", "adimages", "AdImage", "META_IMAGE_");

    private static readonly StubKind[] All = [Campaign, AdSet, Creative, Ad, Video, Image];

    public static StubKind Named(string name) => All.First(kind => kind.Name == name);

    public static StubKind? WithEdge(string edge) => Array.Find(All, kind => kind.Edge == edge);

    public static StubKind? OfId(string id) => Array.Find(All, kind => id.StartsWith(kind.IdPrefix, StringComparison.Ordinal));

    /// <summary>Twelve hex digits: 48 random bits, unique enough for a world of some million objects.</summary>
    public string NewId() => IdPrefix + RandomNumberGenerator.GetHexString(12, lowercase: true);
}

/// <summary>The names in a fields parameter; what stands in braces selects inside an object.</summary>
internal static class FieldSelection
{
    public static IReadOnlyList<string> Parse(string? fields)
    {
        if (fields is null)
            return [];

        var names = new List<string>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= fields.Length; i++)
        {
            var c = i < fields.Length ? fields[i] : ',';
            depth += c is '{' or '(' ? 1 : c is '}' or ')' ? -1 : 0;
            if (c == ',' && (depth <= 0 || i == fields.Length))
            {
                names.Add(Head(fields[start..i]));
                start = i + 1;
            }
        }

        return [.. names.Where(name => name.Length > 0).Distinct()];
    }

    /// <summary>What is asked for in braces, by the name before them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Inside(string? fields)
    {
        var inside = new Dictionary<string, IReadOnlyList<string>>();
        for (var (i, start) = (0, 0); fields is not null && i < fields.Length; i++)
        {
            if (fields[i] is ',') start = i + 1;
            if (fields[i] != '{') continue;
            var (open, depth) = (i, 1);
            while (depth > 0 && ++i < fields.Length) depth += fields[i] is '{' ? 1 : fields[i] is '}' ? -1 : 0;
            inside[Head(fields[start..open])] = Parse(fields[(open + 1)..Math.Min(i, fields.Length)]);
        }

        return inside;
    }

    public static StubRefusal? Refuse(StubKind kind, IReadOnlyList<string> names) =>
        names.FirstOrDefault(name => !LegalNames.CanRead(kind, name)) is { } unknown ? Unknown(unknown, kind.NodeType) : null;

    public static StubRefusal Unknown(string name, string nodeType) =>
        new(100, $"(#100) Tried accessing nonexisting field ({name}) on node type ({nodeType})");

    private static string Head(string part) => part.Trim().Split('{', '(', '.')[0];
}

/// <summary>Writes an object with the fields that were asked for; its id is always among them, what has no value is left out.</summary>
internal static class StubObjectJson
{
    public static string Time(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);

    public static void Write(Utf8JsonWriter json, StubObject shown, IReadOnlyList<string> names, DateTimeOffset now, IReadOnlyDictionary<string, StubPart>? parts = null)
    {
        json.WriteStartObject();
        foreach (var name in names)
        {
            if (parts is not null && parts.TryGetValue(name, out var part))
            {
                json.WritePropertyName(name);
                Write(json, part.Object, part.Names, now);
            }
            else if (name != "id" && !(shown.Kind == StubKind.Video && StubVideo.Write(json, shown, name, now)))
                WriteField(json, shown, name);
        }

        json.WriteString("id", shown.Id);
        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, StubObject shown, string name)
    {
        switch (name)
        {
            case "account_id":
                json.WriteString(name, shown.AccountId);
                break;
            case "name" when shown.Name.Length > 0:
                json.WriteString(name, shown.Name);
                break;
            case "status" or "configured_status":
                json.WriteString(name, shown.Status);
                break;
            case "effective_status":
                json.WriteString(name, shown.EffectiveStatus);
                break;
            case "created_time":
                json.WriteString(name, Time(shown.CreatedAt));
                break;
            case "updated_time":
                json.WriteString(name, Time(shown.UpdatedAt));
                break;
            case "campaign_id":
                json.WriteString(name, shown.CampaignId);
                break;
            case "adset_id":
                json.WriteString(name, shown.ParentId);
                break;
            case "campaign":
                WriteReference(json, name, shown.CampaignId);
                break;
            case "adset":
                WriteReference(json, name, shown.ParentId);
                break;
            case "creative":
                WriteReference(json, name, shown.CreativeId);
                break;
            default:
                WriteAsGiven(json, shown, name);
                break;
        }
    }

    private static void WriteReference(Utf8JsonWriter json, string name, string? id)
    {
        json.WriteStartObject(name);
        json.WriteString("id", id);
        json.WriteEndObject();
    }

    private static void WriteAsGiven(Utf8JsonWriter json, StubObject shown, string name)
    {
        if (shown.Fields.TryGetProperty(name, out var value))
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    }
}
