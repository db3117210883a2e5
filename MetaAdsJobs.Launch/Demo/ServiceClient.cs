using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Launch.Demo;

/// <summary>The service's HTTP API as one caller with one token sees it.</summary>
internal sealed class ServiceClient : IDisposable
{
    private readonly HttpClient _http;

    public ServiceClient(Uri address, string token)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Whether the service says that it can work: database migrated, a worker alive.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await _http.GetAsync("/health/ready", ct);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException || (notYet is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    public async Task<bool> ExistsAsync(string path, CancellationToken ct)
    {
        using var answer = await _http.GetAsync(path, ct);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return false;
        await ReadAsync("GET", path, answer, ct);
        return true;
    }

    public async Task<JsonNode> GetAsync(string path, CancellationToken ct)
    {
        using var answer = await _http.GetAsync(path, ct);
        return await ReadAsync("GET", path, answer, ct);
    }

    /// <param name="key">Idempotency-Key; null for none.</param>
    public async Task<JsonNode> PostAsync(string path, string json, CancellationToken ct, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var answer = await _http.SendAsync(request, ct);
        return await ReadAsync("POST", path, answer, ct);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonNode> ReadAsync(string method, string path, HttpResponseMessage answer, CancellationToken ct)
    {
        var text = await answer.Content.ReadAsStringAsync(ct);
        return answer.IsSuccessStatusCode && JsonNode.Parse(text) is { } json
            ? json
            : throw new LaunchException($"{method} {path} was answered {(int)answer.StatusCode}: {text.ReplaceLineEndings(" ")}");
    }
}
