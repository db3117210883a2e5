using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>A clip's video in one ad account: started (perhaps at Meta), uploaded (being processed) or ready.</summary>
internal sealed record ClipVideo(
    string State, Guid RequestId, int Attempt, string? VideoId, string? ThumbnailUrl, DateTimeOffset StartedAt, DateTimeOffset? UploadedAt);

/// <summary>The journal of uploads. The primary key decides which of many orchestrations of one clip uploads it.</summary>
internal sealed class ClipVideoStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <returns>True when this attempt is now the one that uploads.</returns>
    public async Task<bool> StartAsync(Attempt attempt, CancellationToken ct)
    {
        const string StartSql = """
            INSERT INTO clip_videos (clip_id, ad_account_id, state, request_id, attempt, started_at)
            VALUES (@ClipId, @AdAccountId, 'started', @RequestId, @Number, @Now)
            ON CONFLICT DO NOTHING
            """;
        return await WriteAsync(StartSql, attempt, new { }, ct) == 1;
    }

    /// <summary>Takes over an upload that was looked for and proven absent; only if nobody else has meanwhile.</summary>
    public async Task<bool> StartAgainAsync(Attempt attempt, ClipVideo seen, CancellationToken ct)
    {
        const string AgainSql = """
            UPDATE clip_videos SET request_id = @RequestId, attempt = @Number, started_at = @Now
            WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started'
              AND request_id = @SeenRequestId AND attempt = @SeenAttempt
            """;
        return await WriteAsync(AgainSql, attempt, new { SeenRequestId = seen.RequestId, SeenAttempt = seen.Attempt }, ct) == 1;
    }

    public Task<int> ConfirmAsync(Attempt attempt, string videoId, CancellationToken ct)
    {
        const string ConfirmSql = """
            UPDATE clip_videos SET state = 'uploaded', video_id = @VideoId, uploaded_at = @Now
            WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'started'
            """;
        return WriteAsync(ConfirmSql, attempt, new { VideoId = videoId }, ct);
    }

    public Task<int> ReadyAsync(Attempt attempt, string? thumbnailUrl, CancellationToken ct)
    {
        const string ReadySql = """
            UPDATE clip_videos SET state = 'ready', thumbnail_url = @ThumbnailUrl
            WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state = 'uploaded'
            """;
        return WriteAsync(ReadySql, attempt, new { ThumbnailUrl = thumbnailUrl }, ct);
    }

    /// <summary>Forgets an upload that Meta refused or could not process, so that the next orchestration tries afresh.</summary>
    public Task<int> ForgetAsync(Attempt attempt, CancellationToken ct)
    {
        const string ForgetSql = "DELETE FROM clip_videos WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND state <> 'ready'";
        return WriteAsync(ForgetSql, attempt, new { }, ct);
    }

    public async Task<ClipVideo?> FindAsync(Attempt attempt, CancellationToken ct)
    {
        const string FindSql = """
            SELECT state, request_id, attempt, video_id, thumbnail_url, started_at, uploaded_at
            FROM clip_videos WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<ClipVideo>(new(FindSql,
            new { ClipId = attempt.Clip.Id, attempt.Account.AdAccountId }, cancellationToken: ct));
    }

    private async Task<int> WriteAsync(string sql, Attempt attempt, object more, CancellationToken ct)
    {
        var parameters = new DynamicParameters(more);
        parameters.AddDynamicParams(new
        {
            ClipId = attempt.Clip.Id, attempt.Account.AdAccountId, attempt.RequestId, attempt.Number, Now = time.GetUtcNow(),
        });
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(sql, parameters, cancellationToken: ct));
    }
}
