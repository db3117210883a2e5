using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

public sealed class ClipStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const string Columns = "id, title, video_url, video_id, image_url, thumbnail_url, created_at";

    /// <returns>False when a clip with this id exists already; nothing is changed then.</returns>
    public async Task<bool> InsertAsync(Clip clip, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO clips (id, title, video_url, video_id, image_url, thumbnail_url, created_at)
            VALUES (@Id, @Title, @VideoUrl, @VideoId, @ImageUrl, @ThumbnailUrl, @Now)
            ON CONFLICT (id) DO NOTHING
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(InsertSql,
            new { clip.Id, clip.Title, clip.VideoUrl, clip.VideoId, clip.ImageUrl, clip.ThumbnailUrl, Now = time.GetUtcNow() },
            cancellationToken: ct)) == 1;
    }

    public async Task<Clip?> FindAsync(Guid id, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM clips WHERE id = @Id";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Clip>(new(FindSql, new { Id = id }, cancellationToken: ct));
    }

    public async Task<IReadOnlyList<Clip>> ListAsync(Guid after, int limit, CancellationToken ct)
    {
        const string ListSql = $"SELECT {Columns} FROM clips WHERE id > @After ORDER BY id LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Clip>(new(ListSql, new { After = after, Limit = limit }, cancellationToken: ct))).AsList();
    }
}
