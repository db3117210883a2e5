using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// One call to the Graph API and what came of it. The token travels in a header, never in a URL.
/// <c>SendOnceAsync</c> is for creates and is never repeated below the caller; <see cref="SendAsync"/> is for reads, <see cref="ChangeAsync"/> for
/// idempotent updates, and both are repeated by Polly when the outcome is unknown. Each waits for its turn first.
/// </summary>
internal sealed class GraphClient(HttpClient http, MetaOptions options, GraphPacing pacing, TimeProvider time, Random random, ILogger<GraphClient> logger)
{
    /// <summary>No answer of Meta's to what is asked here comes near it; a larger one is not kept in memory.</summary>
    public const int LargestAnswer = 16 * 1024 * 1024;

    // One call, and never again: creates go this way, too.
    private readonly ResiliencePipeline _once = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(TimeSpan.FromSeconds(options.CallTimeoutSeconds)).Build();

    private readonly ResiliencePipeline _repeatable = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(300),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Randomizer = random.NextDouble,
            ShouldHandle = new PredicateBuilder().Handle<MetaException>(e => e is { Proof: Proof.OutcomeUnknown or Proof.NotSent, IsTooMuchAsked: false }),
        })
        .Build();

    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, CancellationToken ct) =>
        await _repeatable.ExecuteAsync(async token => await SendOnceAsync(method, path, fields, credential, token), ct);

    /// <summary>Changes or deletes an object, which may be repeated. It is done only if Meta says so: an answer that says nothing proves nothing.</summary>
    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public async Task ChangeAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, CancellationToken ct) =>
        await _repeatable.ExecuteAsync(async token => await SendOnceAsync(method, path, fields, credential, mustSaySuccess: true, token), ct);

    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public Task<JsonElement> SendOnceAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, CancellationToken ct) =>
        SendOnceAsync(method, path, fields, credential, mustSaySuccess: false, ct);

    private async Task<JsonElement> SendOnceAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, bool mustSaySuccess, CancellationToken ct)
    {
        // A check changes nothing, but counts for Meta's limits as a change does.
        var writes = method != HttpMethod.Get && !fields.OnlyReads;
        var mutates = writes && !fields.OnlyChecks;
        await GraphSpan.AwaitTurnAsync(() => pacing.EnterAsync(credential, writes, ct), credential.UseCase, time);
        if (mutates) credential.BeforeSending?.Invoke();
        var sentAt = time.GetUtcNow();
        using var span = GraphSpan.Begin(method, path, credential.UseCase, time);
        try
        {
            var answer = await ExchangeAsync(method, path, fields, credential, span, ct);
            if (mustSaySuccess && !(answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("success", out var success) && success.ValueKind == JsonValueKind.True))
                throw MetaErrors.Unreadable(200, "no word of success");
            span.Done();
            if (mutates) credential.Changes.Add(method, path, fields, sentAt, answer.GetRawText(), refusal: null);
            return answer;
        }
        catch (MetaException exception)
        {
            span.Failed(exception);
            if (exception.Proof == Proof.Throttled) exception.RetryAfter = pacing.Throttled(credential, exception.RetryAfter, exception.ForUser);
            MetaLog.CallFailed(logger, method.Method, path, credential.AdAccountId, exception);
            if (mutates) credential.Changes.Add(method, path, fields, sentAt, answer: null, exception);
            throw;
        }
    }

    private async Task<JsonElement> ExchangeAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, GraphSpan span, CancellationToken ct)
    {
        using var request = Build(method, path, fields, credential);
        try
        {
            using var response = await _once.ExecuteAsync(async token => await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, token), ct);
            span.Answered(response);
            pacing.Saw(credential, GraphUsage.Read(response.Headers, credential.UseCase));
            return Read(response, await response.Content.ReadAsByteArrayAsync(ct), [credential.AccessToken, options.AppSecret ?? "", .. fields.Secrets]);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.NameResolutionError
            or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new MetaException(Proof.NotSent, $"Meta cannot be reached ({exception.HttpRequestError})", exception) { IsOutage = true };
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            // A create's answer is never so large; of a list, fewer rows may be asked for.
            throw new MetaException(Proof.OutcomeUnknown, $"Meta's answer is larger than {LargestAnswer / 1024 / 1024} MB and was not read", exception)
            {
                IsTooMuchAsked = method == HttpMethod.Get, IsPageTooLarge = method == HttpMethod.Get,
            };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new MetaException(Proof.OutcomeUnknown, "Meta's answer was lost", exception) { IsOutage = true };
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta did not answer within {options.CallTimeoutSeconds} s", exception) { IsOutage = true };
        }
    }

    private HttpRequestMessage Build(HttpMethod method, string path, GraphFields fields, GraphCredential credential)
    {
        var encoded = fields.Encoded;
        if (options.AppSecret is { Length: > 0 } secret) encoded = [.. encoded, new("appsecret_proof", AppSecretProof(secret, credential.AccessToken))];
        var url = new StringBuilder(options.GraphUrl.ToString().TrimEnd('/')).Append('/').Append(options.GraphVersion).Append('/').Append(path);
        var request = new HttpRequestMessage(method, (Uri?)null);
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent(encoded);
        else if (encoded.Count > 0)
            url.Append('?').AppendJoin('&', encoded.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
        request.RequestUri = new(url.ToString());
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential.AccessToken);
        return request;
    }

    private static JsonElement Read(HttpResponseMessage response, byte[] body, IReadOnlyList<string> secrets)
    {
        var status = (int)response.StatusCode;
        JsonElement answer;
        try
        {
            // On the bytes themselves: a page of a report is large, and copying it would be most of its cost.
            answer = JsonDocument.Parse(body).RootElement;
        }
        catch (JsonException)
        {
            throw MetaErrors.Unreadable(status, "something that is not JSON");
        }

        // A 200 can hide an error, and an error can come without Graph's envelope.
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            throw error.ValueKind == JsonValueKind.Object
                ? MetaErrors.FromEnvelope(status, error, GraphUsage.RetryAfter(response.Headers), secrets)
                : MetaErrors.Unreadable(status, "an error that is not Graph's");
        }

        if (status is < 200 or > 299) throw MetaErrors.Unreadable(status, "JSON that is no Graph error");
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("success", out var success) && success.ValueKind == JsonValueKind.False)
            throw MetaErrors.Unreadable(status, "success: false");
        return answer;
    }

    private static string AppSecretProof(string secret, string accessToken) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(accessToken)));
}
