using System.Net.Http.Headers;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Files that clips are given as: how they begin is right, and no byte of the rest is as the one before.</summary>
internal static class ClipFileBytes
{
    public static byte[] Video(int bytes) => Of(bytes, [0, 0, 0, 0x18, .. "ftypisom"u8]);

    public static byte[] Of(int bytes, byte[] begin)
    {
        var file = new byte[bytes];
        new Random(bytes).NextBytes(file);
        begin.CopyTo(file, 0);
        return file;
    }

    public static Task<ApiAnswer> PutFileAsync(this ApiClient client, Guid id, byte[] file, string type = "video/mp4", string query = "title=A%20clip") =>
        client.PutFileAsync($"/meta/clips/{id}/file?{query}", new MemoryStream(file), type);

    public static async Task<ApiAnswer> PutFileAsync(this ApiClient client, string url, Stream file, string? type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new StreamContent(file) };
        if (type is not null) request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        var answer = await client.Http.SendAsync(request);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }
}
