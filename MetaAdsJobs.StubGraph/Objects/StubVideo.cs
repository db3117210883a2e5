using System.Text.Json;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

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

/// <summary>A video comes by URL or as a file part. It is not fetched: only its name tells whether it is broken.</summary>
internal static class VideoCreate
{
    public static StubRefusal? Refuse(StubCall call)
    {
        var isUrl = Uri.TryCreate(call.Text("file_url"), UriKind.Absolute, out _);
        return ParameterRules.NameLength(call)
            ?? (isUrl || call.Files.Any(file => file.Name == "source")
                ? null
                : StubRefusal.Parameter("file_url", "Either file_url, an absolute URL, or the file part source is required"));
    }

    // The list of videos is searched by title, hence the title is the name here.
    private const string InsertSql = """
        INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
        VALUES ($1, 'video', $2, $3, $4, $5::jsonb, $6, $6, $6)
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        var file = call.Text("file_url") ?? call.Files.First(part => part.Name == "source").FileName;
        var status = file.Contains("broken", StringComparison.Ordinal) ? StubVideo.Broken : "ACTIVE";
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, call.Text("title") ?? created.Name, status, created.FieldsJson, created.At);
        await command.ExecuteNonQueryAsync(ct);
        return null;
    }
}
