using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

/// <summary>A clip to choose.</summary>
/// <param name="PictureUrl">Its image or thumbnail; null of a video without one.</param>
public sealed record ClipName(Guid Id, string Title, string? PictureUrl);

/// <summary>The clips to choose from: the newest ones.</summary>
public sealed class ClipNames(NpgsqlDataSource dataSource)
{
    public const int Most = 200;

    /// <param name="asked">Chosen already: they are among them, however old.</param>
    public async Task<IReadOnlyList<ClipName>> ListAsync(IReadOnlyCollection<Guid> asked, CancellationToken ct)
    {
        const string NamesSql = """
            (SELECT id, title, COALESCE(thumbnail_url, image_url) AS picture_url FROM clips WHERE id = ANY(@Asked))
            UNION ALL
            (SELECT id, title, COALESCE(thumbnail_url, image_url) AS picture_url FROM clips WHERE id <> ALL(@Asked) ORDER BY id DESC LIMIT @Most)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ClipName>(new(NamesSql, new { Asked = asked.ToArray(), Most }, cancellationToken: ct))).AsList();
    }
}
