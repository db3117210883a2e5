using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Database;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

/// <summary>Which clips to list. Days are UTC, of when one was added.</summary>
/// <param name="AccountId">Added for this account, or shown in it.</param>
/// <param name="Search">Words of the title, each its beginning at least.</param>
/// <param name="ChangedSince">Added since: what a clip shows never changes.</param>
/// <param name="CreatedBy">Who added it, as the audit names it; of those of before V0122 nobody knows.</param>
public sealed record ClipFilter(Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, string? Search = null, DateTimeOffset? ChangedSince = null, string? CreatedBy = null);

public sealed class ClipStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>Of a row k.</summary>
    internal const string IsImageSql = "(k.image_url IS NOT NULL OR coalesce(k.file_type LIKE 'image/%', false))";

    /// <summary>Of @Words; the index stands in the same words.</summary>
    internal const string TitleSql = "to_tsvector('simple', regexp_replace(title, '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', @Words)";

    private const string Columns = $"id, title, video_url, video_id, image_url, thumbnail_url, created_at, {ClipFile.Columns}";

    /// <summary>Adds it as whoever is served.</summary>
    /// <returns>False when a clip with this id exists already; nothing is changed then.</returns>
    public Task<bool> InsertAsync(Clip clip, CancellationToken ct) => InsertAsync(clip, AccountScope.Caller?.Name, ct);

    /// <param name="createdBy">As the audit names it; null: nobody that is known.</param>
    /// <returns>False when a clip with this id exists already; nothing is changed then.</returns>
    internal async Task<bool> InsertAsync(Clip clip, string? createdBy, CancellationToken ct)
    {
        const string InsertSql = $"""
            WITH made AS (
                INSERT INTO clips ({Columns}, created_by)
                VALUES (@Id, @Title, @VideoUrl, @VideoId, @ImageUrl, @ThumbnailUrl, @Now, @Key, @Type, @Bytes, @Sha256, @CreatedBy)
                ON CONFLICT (id) DO NOTHING RETURNING id),
            theirs AS (INSERT INTO clip_accounts (clip_id, social_account_id) SELECT made.id, a FROM made, unnest(@Scope::uuid[]) a)
            SELECT count(*) FROM made
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(InsertSql,
            new { clip.Id, clip.Title, clip.VideoUrl, clip.VideoId, clip.ImageUrl, clip.ThumbnailUrl, Now = time.GetUtcNow(), clip.File?.Key, clip.File?.Type, clip.File?.Bytes, clip.File?.Sha256, CreatedBy = createdBy, Scope = AccountScope.Accounts },
            cancellationToken: ct)) == 1;
    }

    /// <returns>Whether the one of its id shows the same, whoever sees it; null when there is none.</returns>
    internal async Task<bool?> IsSameAsync(Clip clip, CancellationToken ct)
    {
        const string SameSql = """
            SELECT file_key IS NULL AND title = @Title AND video_url IS NOT DISTINCT FROM @VideoUrl AND video_id IS NOT DISTINCT FROM @VideoId
                AND image_url IS NOT DISTINCT FROM @ImageUrl AND thumbnail_url IS NOT DISTINCT FROM @ThumbnailUrl
            FROM clips WHERE id = @Id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool?>(new(SameSql, new { clip.Id, clip.Title, clip.VideoUrl, clip.VideoId, clip.ImageUrl, clip.ThumbnailUrl }, cancellationToken: ct));
    }

    public async Task<Clip?> FindAsync(Guid id, CancellationToken ct)
    {
        var findSql = $"SELECT {Columns} FROM clips WHERE id = @Id{ClipScope.And("clips.id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await QueryAsync(connection, new(findSql, new { Id = id, Scope = AccountScope.Accounts }, cancellationToken: ct))).SingleOrDefault();
    }

    public Task<IReadOnlyList<Clip>> ListAsync(Guid after, int limit, CancellationToken ct) => ListAsync(new(), after, limit, ct);

    public async Task<IReadOnlyList<Clip>> ListAsync(ClipFilter filter, Guid after, int limit, CancellationToken ct)
    {
        var (accountId, since, until) = (filter.AccountId, filter.Since, filter.Until);
        var words = filter.Search is null ? null : SearchWords.ToQuery(filter.Search);
        var found = words switch { null => "", "" => " AND false", _ => $" AND {TitleSql}" };
        var days = $"{(since is null ? "" : " AND created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'")}{(until is null ? "" : " AND created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'")}{(filter.ChangedSince is null ? "" : " AND created_at >= @ChangedSince")}";
        var by = filter.CreatedBy is null ? "" : " AND created_by = @CreatedBy";
        // What is shown in accounts that the caller does not see is not told.
        var ofAccount = accountId is null ? "" : $" AND {ClipScope.IsOf("clips.id", "ARRAY[@AccountId]")}{(AccountScope.IsAll ? "" : " AND @AccountId = ANY (@Scope)")}";
        var listSql = $"SELECT {Columns} FROM clips WHERE id > @After{found}{days}{by}{ofAccount}{ClipScope.And("clips.id")} ORDER BY id LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await QueryAsync(connection, new(listSql, new { After = after, Limit = limit, Words = words, AccountId = accountId, Since = since, Until = until, filter.ChangedSince, filter.CreatedBy, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    private static Task<IEnumerable<Clip>> QueryAsync(NpgsqlConnection connection, CommandDefinition command) => connection.QueryAsync<Clip, FileColumns?, Clip>(
        command, (clip, file) => clip with { File = ClipFile.Of(file?.FileKey, file?.FileType, file?.FileBytes, file?.FileSha256) }, splitOn: "file_key");

    private sealed record FileColumns(string? FileKey, string? FileType, long? FileBytes, string? FileSha256);
}
