using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Media;

/// <summary>Images of an ad account's library.</summary>
internal sealed class MetaImages(GraphClient graph)
{
    /// <summary>Uploads an image; may be repeated, since the same bytes are one image with one hash.</summary>
    /// <returns>The hash, by which creatives of this ad account name the image.</returns>
    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public async Task<string> UploadAsync(GraphCredential credential, byte[] image, CancellationToken ct)
    {
        var fields = new GraphFields().Add("bytes", Convert.ToBase64String(image));
        var answer = await graph.SendAsync(HttpMethod.Post, $"{credential.AdAccountId}/adimages", fields, credential, ct);
        return HashIn(answer) ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer to an image holds no hash");
    }

    /// <summary>The same of a file's bytes, which are sent as they are read.</summary>
    /// <inheritdoc cref="UploadAsync"/>
    public async Task<string> UploadFileAsync(GraphCredential credential, string fileName, long bytes, Func<Stream> open, CancellationToken ct)
    {
        var fields = new GraphFields().With(new("filename", fileName, bytes, open));
        var answer = await graph.SendAsync(HttpMethod.Post, $"{credential.AdAccountId}/adimages", fields, credential, ct);
        return HashIn(answer) ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer to an image holds no hash");
    }

    // Under a name of Meta's choosing, since bytes carry none.
    private static string? HashIn(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("images", out var images) && images.ValueKind == JsonValueKind.Object
            ? images.EnumerateObject()
                .Select(image => GraphText.Of(image.Value, "hash"))
                .FirstOrDefault(hash => hash is { Length: > 0 })
            : null;
}
