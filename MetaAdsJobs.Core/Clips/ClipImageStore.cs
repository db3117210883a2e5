using Dapper;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

/// <summary>A clip's image in one ad account. There is nothing to decide between two who upload it: both get the same hash.</summary>
internal sealed class ClipImageStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    public async Task<string?> FindAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        const string FindSql = "SELECT hash FROM clip_images WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<string?>(new(FindSql,
            new { ClipId = media.Clip.Id, attempt.Account.AdAccountId }, cancellationToken: ct));
    }

    /// <summary>Only if it is still the one that was used: another may have been uploaded meanwhile.</summary>
    public async Task ForgetAsync(Attempt attempt, ClipMedia media, string hash, CancellationToken ct)
    {
        const string ForgetSql = "DELETE FROM clip_images WHERE clip_id = @ClipId AND ad_account_id = @AdAccountId AND hash = @Hash";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(ForgetSql, new { ClipId = media.Clip.Id, attempt.Account.AdAccountId, Hash = hash }, cancellationToken: ct));
    }

    public async Task UpsertAsync(Attempt attempt, ClipMedia media, string hash, CancellationToken ct)
    {
        const string UpsertSql = """
            INSERT INTO clip_images (clip_id, ad_account_id, hash, uploaded_at) VALUES (@ClipId, @AdAccountId, @Hash, @Now)
            ON CONFLICT (clip_id, ad_account_id) DO UPDATE SET hash = EXCLUDED.hash, uploaded_at = EXCLUDED.uploaded_at
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(UpsertSql,
            new { ClipId = media.Clip.Id, attempt.Account.AdAccountId, Hash = hash, Now = time.GetUtcNow() }, cancellationToken: ct));
    }
}
