using System.Text.Json;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Media;

/// <summary>Where a video's processing stands. Pictures are only of use once it is ready, and their addresses expire within days.</summary>
/// <param name="ThumbnailUrl">The thumbnail to show; null while Meta has made none.</param>
/// <param name="Picture">What Meta shows for the video meanwhile: small, and a placeholder as long as there are no thumbnails.</param>
internal sealed record VideoProgress(bool IsReady, string? Error, string? ThumbnailUrl, string? Picture);

/// <summary>Videos of an ad account at Meta. Every method throws <see cref="MetaException"/>.</summary>
internal sealed class MetaVideos(GraphClient graph)
{
    /// <summary>Has Meta fetch the video from a URL; sent once, since Meta does not de-duplicate videos.</summary>
    public async Task<string> UploadAsync(GraphCredential credential, string title, string fileUrl, CancellationToken ct)
    {
        var fields = new GraphFields().Add("title", title).Add("name", title).Add("file_url", fileUrl);
        return MetaAds.IdOf(await graph.SendOnceAsync(HttpMethod.Post, $"{credential.AdAccountId}/advideos", fields, credential, ct));
    }

    /// <summary>Ids of the videos whose title carries the marker.</summary>
    public Task<IReadOnlyList<string>> FindAsync(GraphCredential credential, string marker, CancellationToken ct) =>
        graph.FindAsync(credential, $"{credential.AdAccountId}/advideos", () => new GraphFields().Add("fields", "id,title").Add("title", marker), MetaAds.PageRows, MetaAds.FewestPageRows,
            video => GraphText.Of(video, "title")?.Contains(marker, StringComparison.Ordinal) == true, ct);

    public async Task<VideoProgress> ReadAsync(GraphCredential credential, string videoId, CancellationToken ct)
    {
        var video = await graph.SendAsync(HttpMethod.Get, videoId, new GraphFields().Add("fields", "status,thumbnails,picture"), credential, ct);
        var status = video.TryGetProperty("status", out var block) ? GraphText.Of(block, "video_status") : null;
        return status switch
        {
            "ready" => new(true, null, Thumbnail(video), Text(video, "picture")),
            "error" => new(false, "Meta could not process the video", null, null),
            _ => new(false, null, null, null),
        };
    }

    // The one that Meta or a person preferred, else the largest.
    private static string? Thumbnail(JsonElement video)
    {
        var thumbnails = video.TryGetProperty("thumbnails", out var list) && list.ValueKind == JsonValueKind.Object
            && list.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array ? data.EnumerateArray().ToList() : [];
        var best = thumbnails
            .Where(thumbnail => Text(thumbnail, "uri") is not null)
            .OrderByDescending(thumbnail => thumbnail.TryGetProperty("is_preferred", out var preferred) && preferred.ValueKind == JsonValueKind.True)
            .ThenByDescending(thumbnail => Number(thumbnail, "width") * Number(thumbnail, "height"))
            .FirstOrDefault();
        return Text(best, "uri");
    }

    private static string? Text(JsonElement map, string name) =>
        GraphText.Of(map, name);

    private static long Number(JsonElement map, string name) =>
        map.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : 0;
}
