using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Clips;

/// <summary>A clip to choose.</summary>
/// <param name="PictureUrl">Its image or thumbnail; null of a video without one, and of an image that was given as a file.</param>
public sealed record ClipName(Guid Id, string Title, string? PictureUrl, bool IsImageFile);

/// <summary>The clips to choose from: the newest ones.</summary>
public sealed class ClipNames(NpgsqlDataSource dataSource)
{
    public const int Most = 200;

    /// <param name="asked">Chosen already: they are among them, however old.</param>
    public async Task<IReadOnlyList<ClipName>> ListAsync(IReadOnlyCollection<Guid> asked, CancellationToken ct)
    {
        const string Columns = "id, title, COALESCE(thumbnail_url, image_url) AS picture_url, COALESCE(file_type LIKE 'image/%', false) AS is_image_file";
        var namesSql = $"""
            (SELECT {Columns} FROM clips WHERE id = ANY(@Asked){ClipScope.And("clips.id")})
            UNION ALL
            (SELECT {Columns} FROM clips WHERE id <> ALL(@Asked){ClipScope.And("clips.id")} ORDER BY id DESC LIMIT @Most)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ClipName>(new(namesSql, new { Asked = asked.ToArray(), Most, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }
}
