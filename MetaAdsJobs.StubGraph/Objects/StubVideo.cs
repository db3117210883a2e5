using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>
/// How far the processing of a video is: a second after the upload it is ready, unless its file is broken. A video this
/// Graph never saw counts as one that was uploaded long ago, so that clips may name any.
/// </summary>
internal static class StubVideo
{
    /// <summary>The status in the table of a video whose file cannot be read.</summary>
    public const string Broken = "ERROR";

    private const int Preferred = 1;

    public static readonly TimeSpan Processing = TimeSpan.FromSeconds(1);

    public static StubObject Foreign(string id) => new(
        id, StubKind.Video, "", null, null, null, "", "ACTIVE", "ACTIVE", JsonElement.Parse("{}"),
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    /// <summary>Writes a field that only videos have, or have in a form of their own.</summary>
    public static bool Write(Utf8JsonWriter json, StubObject video, string name, DateTimeOffset now)
    {
        var state = video.Status == Broken ? "error" : now < video.CreatedAt + Processing ? "processing" : "ready";
        switch (name)
        {
            case "status":
                WriteStatus(json, state);
                return true;
            case "thumbnails":
                WriteThumbnails(json, video.Id, state);
                return true;
            case "picture":
                json.WriteString(name, Thumbnail(video.Id, 0));
                return true;
            case "length" when state == "ready":
                json.WriteNumber(name, 30.5);
                return true;
            default:
                return false;
        }
    }

    private static void WriteStatus(Utf8JsonWriter json, string state)
    {
        json.WriteStartObject("status");
        json.WriteString("video_status", state);
        if (state == "processing")
            json.WriteNumber("processing_progress", 50);

        json.WriteStartObject("processing_phase");
        json.WriteString("status", state switch { "ready" => "complete", "error" => "error", _ => "in_progress" });
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // Before a video is ready Meta shows one placeholder; afterwards frames to choose from, one of them preferred.
    private static void WriteThumbnails(Utf8JsonWriter json, string id, string state)
    {
        json.WriteStartObject("thumbnails");
        json.WriteStartArray("data");
        for (var i = 0; i < (state == "ready" ? 3 : 1); i++)
        {
            json.WriteStartObject();
            json.WriteString("id", $"{id}_{i}");
            json.WriteString("uri", Thumbnail(id, i));
            json.WriteNumber("width", 1080);
            json.WriteNumber("height", 1080);
            json.WriteBoolean("is_preferred", state == "ready" && i == Preferred);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Thumbnail(string id, int frame) => $"https://scontent.example.com/thumbnails/{id}/{frame}.jpg";
}
