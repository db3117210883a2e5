using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

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
