using System.Globalization;
using System.Net.Http.Headers;
using MetaAdsJobs.Core.Addresses;
using MetaAdsJobs.Core.Events.Signing;
using Polly;
using Polly.Timeout;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>
/// One POST to an address that a user gave. Nothing of what is there is trusted: the time, what is read of the answer, redirects and addresses are
/// bounded, and nothing of the answer but its status is told.
/// </summary>
internal sealed class WebhookSender(HttpClient http, EventOptions options, TimeProvider time)
{
    private const int MostRead = 16 * 1024;
    private readonly ResiliencePipeline _once = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(TimeSpan.FromSeconds(options.TimeoutSeconds)).Build();

    public static SocketsHttpHandler Handler(EventOptions options, IHostNames names) => new()
    {
        AllowAutoRedirect = false,
        ConnectCallback = options.AllowPrivateHosts ? null : PublicAddresses.Connecting(names, "EVENTS_ALLOW_PRIVATE_HOSTS"),
        ConnectTimeout = TimeSpan.FromSeconds(Math.Min(10, options.TimeoutSeconds)),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        MaxResponseHeadersLength = 32,
        UseCookies = false,
        // A proxy would connect where it likes: the addresses that are checked have to be the ones that are used.
        UseProxy = false,
        ActivityHeadersPropagator = null,
    };

    public async Task<DeliveryAnswer> SendAsync(Uri url, IEnumerable<string> secrets, Guid id, ReadOnlyMemory<byte> body, string contentType, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        try
        {
            return await _once.ExecuteAsync(async token => await PostAsync(url, secrets, id.ToString(), body, contentType, began, token), ct);
        }
        catch (Exception exception) when (PrivateAddressException.In(exception) is { } refused)
        {
            return Failed(refused.Message);
        }
        catch (HttpRequestException exception)
        {
            return Failed($"cannot be reached ({exception.HttpRequestError})");
        }
        catch (IOException)
        {
            return Failed("the connection broke");
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return Failed($"no answer within {options.TimeoutSeconds} s");
        }

        DeliveryAnswer Failed(string reason) => new(null, Elapsed(began), reason);
    }

    private async Task<DeliveryAnswer> PostAsync(Uri url, IEnumerable<string> secrets, string id, ReadOnlyMemory<byte> body, string contentType, long began, CancellationToken ct)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("MetaAdsJobs", "1"));
        request.Headers.Add(StandardWebhooks.IdHeader, id);
        request.Headers.Add(StandardWebhooks.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(StandardWebhooks.SignatureHeader, StandardWebhooks.Sign(secrets, id, timestamp, body.Span));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        var status = (int)response.StatusCode;
        var asked = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - time.GetUtcNow()) : null;
        await ReadAwayAsync(response.Content, ct);
        return new(status, Elapsed(began), status switch { >= 200 and < 300 => null, >= 300 and < 400 => $"HTTP {status}: redirects are not followed", _ => $"HTTP {status}" }, asked);
    }

    // So that the connection can be used again, and no further.
    private static async Task ReadAwayAsync(HttpContent content, CancellationToken ct)
    {
        if (content.Headers.ContentLength > MostRead) return;
        await using var stream = await content.ReadAsStreamAsync(ct);
        var (buffer, left) = (new byte[4096], MostRead);
        while (left > 0 && await stream.ReadAsync(buffer, ct) is > 0 and var read) left -= read;
    }

    private int Elapsed(long began) => (int)Math.Min(int.MaxValue, time.GetElapsedTime(began).TotalMilliseconds);
}
