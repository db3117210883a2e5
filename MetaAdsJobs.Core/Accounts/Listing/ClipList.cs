using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Database;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Listing;

/// <summary>One line of the console's list.</summary>
public sealed record ListedClip
{
    public const int MostRuns = 1000;

    public required Guid Id { get; init; }
    public required string Title { get; init; }
    public string? VideoUrl { get; init; }
    public string? VideoId { get; init; }
    public string? ImageUrl { get; init; }
    public string? ThumbnailUrl { get; init; }
    public required bool IsImage { get; init; }

    /// <summary>Of a clip that was given as a file.</summary>
    public long? FileBytes { get; init; }

    /// <summary>What Meta showed of a video that was uploaded. This and the next counts: in the accounts that whoever looks may see.</summary>
    public string? UploadedThumbnailUrl { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>In how many ad accounts its video, or its image, is at Meta.</summary>
    public required long AtMeta { get; init; }

    /// <summary>Videos that Meta is still preparing, or whose upload has not been confirmed.</summary>
    public required long Uploading { get; init; }

    /// <summary>How many runs use it; counted up to one more than <see cref="MostRuns"/>.</summary>
    public required long Runs { get; init; }
}

/// <summary>Lists clips for people: newest first, a page at a time.</summary>
public sealed class ClipList(NpgsqlDataSource dataSource)
{
    /// <param name="search">Words of the title, each its beginning at least.</param>
    /// <param name="before">The last clip of the page before.</param>
    public async Task<IReadOnlyList<ListedClip>> ListAsync(string? search, Guid? before, int limit, CancellationToken ct)
    {
        var words = search is null ? null : SearchWords.ToQuery(search);
        List<string> conditions = [];
        if (words is not null) conditions.Add(words.Length == 0 ? "false" : ClipStore.TitleSql);
        if (before is not null) conditions.Add("id < @Before");
        if (!AccountScope.IsAll) conditions.Add(ClipScope.Is("clips.id"));
        var listSql = $"""
            WITH page AS (SELECT * FROM clips {(conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions))} ORDER BY id DESC LIMIT @Limit)
            SELECT k.id, k.title, k.video_url, k.video_id, k.image_url, k.thumbnail_url, {ClipStore.IsImageSql} AS is_image, k.file_bytes, k.created_at, video.thumbnail_url AS uploaded_thumbnail_url,
                   video.ready + image.uploaded AS at_meta, video.uploading, runs.count AS runs
            FROM page k
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE v.state = 'ready') AS ready, count(*) FILTER (WHERE v.state <> 'ready') AS uploading, max(v.thumbnail_url) AS thumbnail_url
                FROM clip_videos v WHERE v.clip_id = k.id{OfMine("v.ad_account_id")}) video
            CROSS JOIN LATERAL (SELECT count(*) AS uploaded FROM clip_images i WHERE i.clip_id = k.id{OfMine("i.ad_account_id")}) image
            CROSS JOIN LATERAL (SELECT count(*) FROM (SELECT 1 FROM run_clips o WHERE o.clip_id = k.id{AccountScope.And("o.social_account_id")} LIMIT @MostRuns + 1) o) runs
            ORDER BY k.id DESC
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ListedClip>(new(listSql, new { Words = words, Before = before, Limit = limit, ListedClip.MostRuns, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    private static string OfMine(string adAccount) => AccountScope.IsAll ? "" : $" AND {adAccount} IN (SELECT a.ad_account_id FROM social_accounts a WHERE {AccountScope.Is("a.id")})";
}
