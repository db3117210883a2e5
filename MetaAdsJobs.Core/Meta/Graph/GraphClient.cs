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
        await _repeatable.ExecuteAsync(async token => await CallAsync(method, path, fields, credential, ReadSuccess, token), ct);

    /// <summary>One page of a report, as <see cref="SendAsync"/> would read it, row by row. Whoever has it gives it back.</summary>
    /// <exception cref="MetaException">Meta did not tell it.</exception>
    public async Task<GraphRows> ReadRowsAsync(string path, GraphFields fields, GraphCredential credential, CancellationToken ct) =>
        await _repeatable.ExecuteAsync(async token => await CallAsync(HttpMethod.Get, path, fields, credential, ReadRows, token), ct);

    /// <exception cref="MetaException">Meta did not do it, or nobody can tell.</exception>
    public Task<JsonElement> SendOnceAsync(HttpMethod method, string path, GraphFields fields, GraphCredential credential, CancellationToken ct) =>
        CallAsync(method, path, fields, credential, Read, ct);

    private async Task<T> CallAsync<T>(HttpMethod method, string path, GraphFields fields, GraphCredential credential, Func<HttpResponseMessage, GraphBody, IReadOnlyList<string>, T> read, CancellationToken ct)
    {
        // A check changes nothing, but counts for Meta's limits as a change does.
        var writes = method != HttpMethod.Get && !fields.OnlyReads;
        var mutates = writes && !fields.OnlyChecks;
        var isTold = mutates && !fields.IsPart;
        await GraphSpan.AwaitTurnAsync(() => pacing.EnterAsync(credential, writes, ct), credential.UseCase, time);
        if (mutates) credential.BeforeSending?.Invoke();
        var sentAt = time.GetUtcNow();
        using var span = GraphSpan.Begin(method, path, credential.UseCase, time);
        try
        {
            var answer = await ExchangeAsync(method, path, fields, credential, read, span, ct);
            span.Done();
            if (isTold) credential.Changes.Add(method, path, fields, sentAt, (answer as JsonElement?)?.GetRawText(), refusal: null);
            return answer;
        }
        catch (MetaException exception)
        {
            span.Failed(exception);
            if (exception.Proof == Proof.Throttled) exception.RetryAfter = pacing.Throttled(credential, exception.RetryAfter, exception.ForUser);
            MetaLog.CallFailed(logger, method.Method, path, credential.AdAccountId, exception);
            if (isTold) credential.Changes.Add(method, path, fields, sentAt, answer: null, exception);
            throw;
        }
        catch (OperationCanceledException) when (isTold)
        {
            // Stopped while the call was under way: perhaps Meta does it all the same.
            credential.Changes.Add(method, path, fields, sentAt, answer: null, new MetaException(Proof.OutcomeUnknown, "this process was stopped, or overtaken, before the answer came"));
            throw;
        }
    }

    private async Task<T> ExchangeAsync<T>(
        HttpMethod method, string path, GraphFields fields, GraphCredential credential, Func<HttpResponseMessage, GraphBody, IReadOnlyList<string>, T> read, GraphSpan span, CancellationToken ct)
    {
        using var request = Build(method, path, fields, credential);
        try
        {
            var (answered, body) = await Once(fields).ExecuteAsync(async token => await SendAsync(request, token), ct);
            using var response = answered;
            span.Answered(response);
            pacing.Saw(credential, GraphUsage.Read(response.Headers, credential.UseCase));
            return read(response, body, [credential.AccessToken, options.AppSecret ?? "", .. fields.Secrets]);
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
            throw new MetaException(Proof.OutcomeUnknown, $"Meta did not answer within {(int)Longest(fields).TotalSeconds} s", exception) { IsOutage = true };
        }
    }

    private ResiliencePipeline Once(GraphFields fields) =>
        fields.File is null ? _once : new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(Longest(fields)).Build();

    private TimeSpan Longest(GraphFields fields) => TimeSpan.FromSeconds(options.CallTimeoutSeconds) + (fields.File?.Allowance ?? TimeSpan.Zero);

    // The headers are of use only with the whole body: until it is there, nothing was answered.
    private async Task<(HttpResponseMessage Response, GraphBody Body)> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        try
        {
            return (response, await GraphBody.ReadAsync(response.Content, LargestAnswer, ct));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private HttpRequestMessage Build(HttpMethod method, string path, GraphFields fields, GraphCredential credential)
    {
        var encoded = fields.Encoded;
        if (options.AppSecret is { Length: > 0 } secret) encoded = [.. encoded, new("appsecret_proof", AppSecretProof(secret, credential.AccessToken))];
        var url = new StringBuilder((fields.GoesToVideos ? options.VideoUrl : options.GraphUrl).ToString().TrimEnd('/')).Append('/').Append(options.GraphVersion).Append('/').Append(path);
        var request = new HttpRequestMessage(method, (Uri?)null);
        if (method == HttpMethod.Post)
            request.Content = fields.File?.With(encoded) ?? (HttpContent)new FormUrlEncodedContent(encoded);
        else if (encoded.Count > 0)
            url.Append('?').AppendJoin('&', encoded.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
        request.RequestUri = new(url.ToString());
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential.AccessToken);
        return request;
    }

    private static GraphRows ReadRows(HttpResponseMessage response, GraphBody body, IReadOnlyList<string> secrets)
    {
        if (response.IsSuccessStatusCode && GraphRows.TryRead(body) is { } rows) return rows;
        // Whatever it is instead is judged as everywhere.
        GraphPage.Items(Read(response, body, secrets));
        throw MetaErrors.Unreadable((int)response.StatusCode, "a list that cannot be read");
    }

    private static JsonElement ReadSuccess(HttpResponseMessage response, GraphBody body, IReadOnlyList<string> secrets)
    {
        var answer = Read(response, body, secrets);
        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("success", out var success) && success.ValueKind == JsonValueKind.True
            ? answer
            : throw MetaErrors.Unreadable(200, "no word of success");
    }

    private static JsonElement Read(HttpResponseMessage response, GraphBody body, IReadOnlyList<string> secrets)
    {
        using var given = body;
        var status = (int)response.StatusCode;
        JsonElement answer;
        try
        {
            // Of bytes of its own, which it is read from later, too.
            answer = JsonDocument.Parse(given.Bytes.ToArray()).RootElement;
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
