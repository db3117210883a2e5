using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

/// <summary>A clip's video in one ad account: started (perhaps at Meta), uploaded (being processed) or ready.</summary>
/// <param name="StartedAt">Of a file's upload: when it was last heard of.</param>
internal sealed record ClipVideo(
    string State, Guid RequestId, int Attempt, string? VideoId, string? ThumbnailUrl, DateTimeOffset StartedAt, DateTimeOffset? UploadedAt, string? SessionId, long? SessionStart, long? SessionEnd)
{
    /// <summary>Of a file's upload, if Meta has begun one.</summary>
    public UploadSession? Session => SessionId is null ? null : new(SessionId, VideoId!, SessionStart!.Value, SessionEnd!.Value);
}

/// <summary>
/// The journal of videos. The primary key decides which of many orchestrations of one clip uploads it. Every write first locks the row of
/// its orchestration under the attempt's number, as those of <see cref="StepJournal"/> do: an attempt that was overtaken writes nothing.
/// What became of an upload is said by the attempt that started it, or of exactly the row that was seen.
/// </summary>
internal sealed class ClipVideoStore(NpgsqlDataSource dataSource, OrchestrationOptions options, TimeProvider time)
{
    private const string Outcome = "SELECT EXISTS (SELECT 1 FROM fence) AS held, EXISTS (SELECT 1 FROM written) AS written";

    // How long a part takes is for Meta, which says how large it is, and for the line: longer than the hold that was told before it. As long as its attempt has its lease it goes on.
    private static readonly string HolderGoesOn = string.Join(" OR ", ((ClaimTable[])[ClaimTable.Orchestrations, ClaimTable.Edits]).Select(table =>
        $"EXISTS (SELECT 1 FROM {table.Name} h WHERE h.request_id = clip_videos.request_id AND h.attempt = clip_videos.attempt AND NOT {ClaimTable.Free("h")})"));

    /// <returns>True when this attempt is now the one that uploads.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> StartAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        var startSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                INSERT INTO clip_videos (clip_id, ad_account_id, state, request_id, attempt, started_at, held_until)
                SELECT @ClipId, @AdAccountId, 'started', @RequestId, @Attempt, clock_timestamp(), clock_timestamp() + @Lease FROM fence
                ON CONFLICT DO NOTHING RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(startSql, attempt, media, new { }, ct);
    }

    /// <summary>Takes a video that is at Meta already, and perhaps still processed there, into the journal.</summary>
    /// <returns>False when it is there.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> KnowAsync(Attempt attempt, ClipMedia media, string videoId, CancellationToken ct)
    {
        var knowSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                INSERT INTO clip_videos (clip_id, ad_account_id, state, request_id, attempt, video_id, started_at, uploaded_at)
                SELECT @ClipId, @AdAccountId, 'uploaded', @RequestId, @Attempt, @VideoId, @Now, @Now FROM fence
                ON CONFLICT DO NOTHING RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(knowSql, attempt, media, new { VideoId = videoId }, ct);
    }

    /// <summary>Takes over an upload that was looked for and proven absent; only if nobody else has meanwhile.</summary>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> StartAgainAsync(Attempt attempt, ClipMedia media, ClipVideo seen, CancellationToken ct)
    {
        var againSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                UPDATE clip_videos SET request_id = @RequestId, attempt = @Attempt, started_at = clock_timestamp()
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND EXISTS (SELECT 1 FROM fence)
                  AND request_id = @SeenRequestId AND attempt = @SeenAttempt
                RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(againSql, attempt, media, new { SeenRequestId = seen.RequestId, SeenAttempt = seen.Attempt }, ct);
    }

    /// <summary>Takes over the upload of a file, wherever it stands; only if nobody else is at it.</summary>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> HoldAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        var holdSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                UPDATE clip_videos SET request_id = @RequestId, attempt = @Attempt, held_until = clock_timestamp() + @Lease
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND EXISTS (SELECT 1 FROM fence)
                  AND (held_until IS NULL OR held_until < clock_timestamp() AND NOT ({HolderGoesOn}))
                RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(holdSql, attempt, media, new { }, ct);
    }

    /// <summary>How far the upload of a file is, which this attempt goes on holding. A crash from here on goes on from here.</summary>
    /// <param name="session">Null: it begins anew.</param>
    /// <exception cref="FencedException">The orchestration or the upload was taken over.</exception>
    public async Task SaveAsync(Attempt attempt, ClipMedia media, UploadSession? session, CancellationToken ct)
    {
        // With the audit of what has begun it.
        var saveSql = $"""
            WITH {ChangeLog.Cte}, {FenceOf(attempt)}, written AS (
                UPDATE clip_videos SET session_id = @SessionId, video_id = @VideoId, session_start = @Start, session_end = @End,
                    started_at = @Now, held_until = clock_timestamp() + @Lease
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND request_id = @RequestId AND attempt = @Attempt AND EXISTS (SELECT 1 FROM fence)
                RETURNING 1)
            {Outcome}
            """;
        if (!await WriteAsync(saveSql, attempt, media, new { SessionId = session?.Id, session?.VideoId, session?.Start, session?.End }, ct)) throw new FencedException("the upload of the clip's video was taken over");
    }

    /// <summary>Anybody may go on at once. Nothing happens if somebody does already.</summary>
    public async Task LetGoAsync(Attempt attempt, ClipMedia media)
    {
        const string LetGoSql = "UPDATE clip_videos SET held_until = NULL WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND request_id = @RequestId AND attempt = @Number";
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync();
            await connection.ExecuteAsync(LetGoSql, new { ClipId = media.Clip.Id, attempt.Account.AdAccountId, attempt.RequestId, attempt.Number });
        }
        catch (NpgsqlException)
        {
            // The hold ends by itself.
        }
    }

    /// <summary>Meta's id of the video that this attempt has uploaded.</summary>
    /// <exception cref="FencedException">The orchestration or the upload was taken over: whoever has it looks for the video.</exception>
    public async Task ConfirmAsync(Attempt attempt, ClipMedia media, string videoId, CancellationToken ct)
    {
        if (!await ConfirmAsync(attempt, media, attempt.RequestId, attempt.Number, videoId, ct)) throw new FencedException("the upload of the clip's video was taken over");
    }

    /// <summary>Meta's id of a video that somebody uploaded and that was found.</summary>
    /// <returns>False when it is no longer as it was seen.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> AdoptAsync(Attempt attempt, ClipMedia media, ClipVideo seen, string videoId, CancellationToken ct) =>
        ConfirmAsync(attempt, media, seen.RequestId, seen.Attempt, videoId, ct);

    /// <summary>The video can be used.</summary>
    /// <returns>False when it is no longer as it was seen.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> ReadyAsync(Attempt attempt, ClipMedia media, ClipVideo seen, string? thumbnailUrl, CancellationToken ct)
    {
        var readySql = $"""
            WITH {FenceOf(attempt)}, written AS (
                UPDATE clip_videos SET state = 'ready', thumbnail_url = @ThumbnailUrl
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state <> 'started' AND video_id = @VideoId AND EXISTS (SELECT 1 FROM fence)
                RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(readySql, attempt, media, new { ThumbnailUrl = thumbnailUrl, seen.VideoId }, ct);
    }

    /// <summary>Forgets this attempt's upload, which Meta refused, so that the next orchestration tries afresh.</summary>
    /// <exception cref="FencedException">The orchestration or the upload was taken over.</exception>
    public async Task ForgetAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        var forgetSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                DELETE FROM clip_videos
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND request_id = @RequestId AND attempt = @Attempt AND EXISTS (SELECT 1 FROM fence)
                RETURNING 1)
            {Outcome}
            """;
        if (!await WriteAsync(forgetSql, attempt, media, new { }, ct)) throw new FencedException("the upload of the clip's video was taken over");
    }

    /// <summary>Forgets a video that Meta could not process, so that the next orchestration tries afresh.</summary>
    /// <returns>False when it is no longer as it was seen.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<bool> GiveUpAsync(Attempt attempt, ClipMedia media, ClipVideo seen, CancellationToken ct)
    {
        var giveUpSql = $"""
            WITH {FenceOf(attempt)}, written AS (
                DELETE FROM clip_videos
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = @State AND video_id = @VideoId AND EXISTS (SELECT 1 FROM fence)
                RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(giveUpSql, attempt, media, new { seen.State, seen.VideoId }, ct);
    }

    public async Task<ClipVideo?> FindAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        const string FindSql = """
            SELECT state, request_id, attempt, video_id, thumbnail_url, started_at, uploaded_at, session_id, session_start, session_end
            FROM clip_videos WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ClipVideo>(new(FindSql,
            new { ClipId = media.Clip.Id, attempt.Account.AdAccountId }, cancellationToken: ct));
    }

    private static string FenceOf(Attempt attempt) => $"fence AS (SELECT request_id FROM {attempt.Table.Name} WHERE {attempt.Table.Held} FOR NO KEY UPDATE)";

    private Task<bool> ConfirmAsync(Attempt attempt, ClipMedia media, Guid startedBy, int startedIn, string videoId, CancellationToken ct)
    {
        // With the audit of the upload, or of its being found: from here on nobody else would tell of it.
        var confirmSql = $"""
            WITH {ChangeLog.Cte}, {FenceOf(attempt)}, written AS (
                UPDATE clip_videos SET state = 'uploaded', video_id = @VideoId, uploaded_at = @Now
                WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started' AND EXISTS (SELECT 1 FROM fence)
                  AND request_id = @StartedBy AND attempt = @StartedIn
                RETURNING 1)
            {Outcome}
            """;
        return WriteAsync(confirmSql, attempt, media, new { StartedBy = startedBy, StartedIn = startedIn, VideoId = videoId }, ct);
    }

    private async Task<bool> WriteAsync(string sql, Attempt attempt, ClipMedia media, object more, CancellationToken ct)
    {
        var changes = attempt.Credential.Changes.Open();
        var parameters = new DynamicParameters(more);
        parameters.AddDynamicParams(new
        {
            ClipId = media.Clip.Id, attempt.Account.AdAccountId, attempt.RequestId, attempt.EditId, Attempt = attempt.Number, Now = time.GetUtcNow(), AccountId = attempt.Account.Id, attempt.AskedBy, options.Lease,
        });
        parameters.AddDynamicParams(changes);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (held, written) = await connection.QuerySingleAsync<(bool Held, bool Written)>(new(sql, parameters, cancellationToken: ct));
        if (sql.Contains(ChangeLog.Cte, StringComparison.Ordinal)) attempt.Credential.Changes.Written(changes);
        return held ? written : throw new FencedException("a write about the clip's video was refused");
    }
}
