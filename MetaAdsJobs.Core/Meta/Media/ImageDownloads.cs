using MetaAdsJobs.Core.Addresses;
using Polly;
using Polly.Timeout;

namespace MetaAdsJobs.Core.Meta.Media;

/// <summary>An image that was fetched, or why it was not.</summary>
internal abstract record Download
{
    private Download() { }

    public sealed record Image(byte[] Bytes) : Download;

    /// <param name="Reason">Without the URL, which may carry a signature.</param>
    public sealed record Failed(string Reason) : Download;
}

/// <summary>
/// Fetches images from URLs that users gave. Nothing of what is there can be trusted: size, time, redirects and addresses are
/// bounded, and only the bytes tell whether it is an image.
/// </summary>
internal sealed class ImageDownloads(HttpClient http, MetaOptions options, TimeProvider time)
{
    public const int MaxRedirects = 3;
    private const int MaxBytes = 8 * 1024 * 1024;
    private readonly ResiliencePipeline _once = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(TimeSpan.FromSeconds(options.CallTimeoutSeconds)).Build();

    public async Task<Download> FetchAsync(string url, CancellationToken ct)
    {
        try
        {
            return await _once.ExecuteAsync(async token => await DownloadAsync(url, token), ct);
        }
        catch (Exception exception) when (PrivateAddressException.In(exception) is { } refused)
        {
            return new Download.Failed(refused.Message);
        }
        catch (HttpRequestException exception)
        {
            return new Download.Failed($"its server cannot be reached ({exception.HttpRequestError})");
        }
        catch (IOException)
        {
            return new Download.Failed("the connection broke");
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return new Download.Failed($"it did not arrive within {options.CallTimeoutSeconds} s");
        }
    }

    private async Task<Download> DownloadAsync(string url, CancellationToken ct)
    {
        using var response = await http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode) return new Download.Failed($"its server answered HTTP {(int)response.StatusCode}");
        var bytes = await ReadAsync(response.Content, ct);
        return bytes is null ? new Download.Failed($"it is larger than {MaxBytes / 1024 / 1024} MiB")
            : IsImage(bytes) ? new Download.Image(bytes)
            : new Download.Failed("it is not a JPEG, PNG, GIF or WebP image");
    }

    /// <returns>Null when there is more than is taken.</returns>
    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken ct)
    {
        if (content.Headers.ContentLength > MaxBytes) return null;
        await using var stream = await content.ReadAsStreamAsync(ct);
        using var image = new MemoryStream();
        var buffer = new byte[81920];
        while (await stream.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (image.Length + read > MaxBytes) return null;
            image.Write(buffer, 0, read);
        }

        return image.ToArray();
    }

    private static bool IsImage(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])
        || bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A])
        || bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)
        || (bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8));
}
