using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>Writes an object with the fields that were asked for; its id is always among them, what has no value is left out.</summary>
internal static class StubObjectJson
{
    public static string Time(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);

    public static void Write(Utf8JsonWriter json, StubObject shown, IReadOnlyList<string> names, DateTimeOffset now)
    {
        json.WriteStartObject();
        foreach (var name in names)
        {
            if (name != "id" && !(shown.Kind == StubKind.Video && StubVideo.Write(json, shown, name, now)))
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
