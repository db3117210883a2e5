using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

/// <summary>A creative is made if its video is ready and its image belongs to the account.</summary>
internal static class CreativeCreate
{
    // A video that is not in the table was uploaded elsewhere and counts as ready.
    private const string InsertSql = """
        WITH video AS (
            SELECT status = 'ERROR' AS is_broken, created_at > $9 AS is_processing, deleted_at IS NOT NULL AS is_gone
            FROM stub_graph.objects WHERE id = $7 AND kind = 'video'
        ), facts AS (
            SELECT coalesce((SELECT is_broken OR is_gone FROM video), false) AS video_is_unusable,
                   coalesce((SELECT is_processing FROM video), false) AS video_is_processing,
                   $8::text IS NOT NULL AND NOT EXISTS (
                       SELECT FROM stub_graph.objects WHERE id = $2 || ':' || $8 AND deleted_at IS NULL) AS image_is_missing
        ), made AS (
            INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'creative', $2, $3, $4, $5::jsonb, $6, $6, $6
            FROM facts WHERE NOT (video_is_unusable OR video_is_processing OR image_is_missing OR $10)
        )
        SELECT video_is_unusable, video_is_processing, image_is_missing FROM facts
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        var videoId = CreativeRules.InStory(call, "video_data", "video_id");
        var imageHash = CreativeRules.InStory(call, "video_data", "image_hash") ?? CreativeRules.InStory(call, "link_data", "image_hash");
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, "ACTIVE", created.FieldsJson, created.At,
            videoId, imageHash, created.At - StubVideo.Processing, call.IsOnlyValidating);
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return rows.GetBoolean(0) ? Refusal("Video cannot be used", $"The video {videoId} could not be processed or was deleted")
            : rows.GetBoolean(1) ? Refusal("Video not ready for use", $"The video {videoId} is still being processed")
            : rows.GetBoolean(2) ? Refusal("Image not found", $"The ad account has no image with the hash {imageHash}")
            : null;
    }

    private static StubRefusal Refusal(string title, string why) =>
        StubRefusal.Parameter("object_story_spec", why) with { UserTitle = title };
}
