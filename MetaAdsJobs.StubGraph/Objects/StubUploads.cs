using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>
/// A video in parts: start, transfer as often as it takes, finish. Which bytes come next is for the Graph to say; any others it refuses, and tells which ones it wants
/// (6001/1363037, as Meta documents it). An unfinished session is no video: neither its id nor a list shows it. What Meta answers to a session that it does not know, or that was finished,
/// is documented nowhere: here it is refused.
/// </summary>
internal static class StubUploads
{
    private const long Smallest = 1024;
    private const long LargestPart = 8 * 1024 * 1024;

    public static Task<StubAnswer> AnswerAsync(NpgsqlDataSource dataSource, string accountId, string phase, StubCall call, DateTimeOffset now, CancellationToken ct) => phase switch
    {
        "start" => StartAsync(dataSource, accountId, call, ct),
        "transfer" => TransferAsync(dataSource, accountId, call, ct),
        "finish" => FinishAsync(dataSource, accountId, call, now, ct),
        _ => Task.FromResult(StubRefusal.Parameter("upload_phase", "Param upload_phase must be one of {start, transfer, finish}").ToAnswer()),
    };

    /// <summary>Whether a video has this id only once it is finished.</summary>
    public static async Task<bool> IsUnfinishedAsync(NpgsqlDataSource dataSource, string videoId, CancellationToken ct)
    {
        await using var command = dataSource.With("SELECT EXISTS (SELECT FROM stub_graph.uploads WHERE video_id = $1)", videoId);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private static async Task<StubAnswer> StartAsync(NpgsqlDataSource dataSource, string accountId, StubCall call, CancellationToken ct)
    {
        const string StartSql = "INSERT INTO stub_graph.uploads (id, account_id, video_id, file_size) VALUES ($1, $2, $3, $4)";
        if (Number(call, "file_size") is not { } size) return StubRefusal.Missing("file_size").ToAnswer();
        if (size < Smallest) return Problem(6000, 1363022, "Video Too Small", "The video you tried to upload is too small. The minimum size for a video is 1 KB.").ToAnswer();
        var (id, videoId) = (RandomNumberGenerator.GetHexString(16, lowercase: true), StubKind.Video.NewId());
        await using var command = dataSource.With(StartSql, id, accountId, videoId, size);
        await command.ExecuteNonQueryAsync(ct);
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteString("upload_session_id", id);
            json.WriteString("video_id", videoId);
            WriteWanted(json, 0, size);
            json.WriteEndObject();
        });
    }

    private static async Task<StubAnswer> TransferAsync(NpgsqlDataSource dataSource, string accountId, StubCall call, CancellationToken ct)
    {
        // Of two that send the same part at the same time one is too late.
        const string TransferSql = """
            UPDATE stub_graph.uploads SET received = received + $4, parts = parts || jsonb_build_object('start', $3, 'bytes', $4, 'sha256', $5)
            WHERE id = $1 AND account_id = $2 AND received = $3 AND received < file_size
            RETURNING received, file_size
            """;
        if (call.Files.FirstOrDefault(file => file.Name == "video_file_chunk") is not { } part) return Problem(6001, 1363020, "No Video Selected", "No video_file_chunk was sent").ToAnswer();
        if (Number(call, "start_offset") is not { } start) return StubRefusal.Missing("start_offset").ToAnswer();
        if (await FindAsync(dataSource, accountId, call, ct) is not { } upload) return NoSession();
        if (start != upload.Received || upload.Received == upload.Size) return Wanted(upload);
        if (part.Content.Length != EndOf(start, upload.Size) - start) return Problem(6001, 1363033, "Error Uploading Video", "The part did not arrive whole").ToAnswer();
        await using var command = dataSource.With(TransferSql, upload.Id, accountId, start, (long)part.Content.Length, Convert.ToHexStringLower(SHA256.HashData(part.Content.Span)));
        await using var rows = await command.ExecuteReaderAsync(ct);
        if (!await rows.ReadAsync(ct)) return await FindAsync(dataSource, accountId, call, ct) is { } now ? Wanted(now) : NoSession();
        var (received, size) = (rows.GetInt64(0), rows.GetInt64(1));
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            WriteWanted(json, received, size);
            json.WriteEndObject();
        });
    }

    private static async Task<StubAnswer> FinishAsync(NpgsqlDataSource dataSource, string accountId, StubCall call, DateTimeOffset now, CancellationToken ct)
    {
        const string FinishSql = """
            WITH whole AS (DELETE FROM stub_graph.uploads WHERE id = $1 AND account_id = $2 AND received = file_size RETURNING video_id, file_size, parts)
            INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT video_id, 'video', $2, $3, $4, jsonb_build_object('title', $3, 'file_size', file_size, 'parts', parts), $5, $5, $5 FROM whole
            """;
        if (await FindAsync(dataSource, accountId, call, ct) is not { } upload) return NoSession();
        if (upload.Received < upload.Size) return Wanted(upload);
        var title = call.Text("title") ?? "";
        await using var command = dataSource.With(FinishSql, upload.Id, accountId, title, title.Contains("broken", StringComparison.Ordinal) ? StubVideo.Broken : "ACTIVE", now);
        return await command.ExecuteNonQueryAsync(ct) == 1 ? StubAnswer.Success : NoSession();
    }

    private static async Task<Upload?> FindAsync(NpgsqlDataSource dataSource, string accountId, StubCall call, CancellationToken ct)
    {
        const string FindSql = "SELECT received, file_size FROM stub_graph.uploads WHERE id = $1 AND account_id = $2";
        var id = call.Text("upload_session_id") ?? "";
        await using var command = dataSource.With(FindSql, id, accountId);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) ? new(id, rows.GetInt64(0), rows.GetInt64(1)) : null;
    }

    private static StubAnswer Wanted(Upload upload) => (Problem(6001, 1363037, "Error Uploading Video", "There was a problem uploading your video. Please try uploading it again.") with
    {
        Wanted = (upload.Received, EndOf(upload.Received, upload.Size)),
    }).ToAnswer();

    private static StubAnswer NoSession() => Problem(6001, 1363041, "Error Uploading Video", "There is no such upload session").ToAnswer();

    private static StubRefusal Problem(int code, int subcode, string title, string why) => new(code, why) { Subcode = subcode, UserTitle = title, UserMessage = why };

    // In four or five parts, so that small files have several, too.
    private static long EndOf(long start, long size) => Math.Min(size, start + Math.Min(LargestPart, (size / 4) + 1));

    private static void WriteWanted(System.Text.Json.Utf8JsonWriter json, long start, long size)
    {
        json.WriteString("start_offset", start.ToString(CultureInfo.InvariantCulture));
        json.WriteString("end_offset", EndOf(start, size).ToString(CultureInfo.InvariantCulture));
    }

    private static long? Number(StubCall call, string name) => long.TryParse(call.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private sealed record Upload(string Id, long Received, long Size);
}
