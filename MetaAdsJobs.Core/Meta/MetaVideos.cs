namespace MetaAdsJobs.Core.Meta;

/// <summary>Where a video's processing stands. <paramref name="ThumbnailUrl"/> is only of use once it is ready.</summary>
internal sealed record VideoProgress(bool IsReady, string? Error, string? ThumbnailUrl);

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
    public async Task<IReadOnlyList<string>> FindAsync(GraphCredential credential, string marker, CancellationToken ct)
    {
        var found = new List<string>();
        string? after = null;
        do
        {
            var fields = new GraphFields().Add("fields", "id,title").Add("title", marker).Add("limit", 200).Add("after", after);
            var page = await graph.SendAsync(HttpMethod.Get, $"{credential.AdAccountId}/advideos", fields, credential, ct);
            found.AddRange(GraphPage.Items(page)
                .Where(video => video.TryGetProperty("title", out var title) && title.GetString()?.Contains(marker, StringComparison.Ordinal) == true)
                .Select(MetaAds.IdOf));
            after = GraphPage.Next(page);
        }
        while (after is not null);
        return found;
    }

    public async Task<VideoProgress> ReadAsync(GraphCredential credential, string videoId, CancellationToken ct)
    {
        var video = await graph.SendAsync(HttpMethod.Get, videoId, new GraphFields().Add("fields", "status,picture"), credential, ct);
        var status = video.TryGetProperty("status", out var block) && block.TryGetProperty("video_status", out var text) ? text.GetString() : null;
        var picture = video.TryGetProperty("picture", out var url) ? url.GetString() : null;
        return status switch
        {
            "ready" => new(true, null, picture),
            "error" => new(false, "Meta could not process the video", null),
            _ => new(false, null, null),
        };
    }
}
