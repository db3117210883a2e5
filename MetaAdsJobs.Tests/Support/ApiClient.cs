using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Support;

/// <summary>One answer of the API: its status, headers and JSON.</summary>
public sealed record ApiAnswer(HttpStatusCode Status, HttpResponseMessage Message, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException($"No JSON in the answer: {Text}");

    public int Code => (int)Status;

    /// <summary>The JSON paths of the fields a 422 complains about.</summary>
    public IEnumerable<string> WrongFields => Json["errors"]!.AsObject().Select(error => error.Key);

    public string? Header(string name) => Message.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;
}

/// <summary>Calls the API as its users do.</summary>
public sealed class ApiClient(HttpClient http) : IDisposable
{
    public HttpClient Http { get; } = http;

    /// <summary>The image of the clips that <see cref="NewRequestAsync"/> adds.</summary>
    public string ImageUrl { get; init; } = "https://cdn.example.com/clip.jpg";

    /// <summary>How far everything is that the service does, of which one run is a part.</summary>
    public Func<string> Progress { get; init; } = () => "";

    /// <summary>What a person wants to see of a wait that failed.</summary>
    public Func<string> Details { get; init; } = () => "";

    public Task<ApiAnswer> GetAsync(string url) => SendAsync(HttpMethod.Get, url, null);

    public Task<ApiAnswer> PostAsync(string url, JsonNode? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, url, body?.ToJsonString(), headers);

    public Task<ApiAnswer> PatchAsync(string url, JsonNode body) => SendAsync(HttpMethod.Patch, url, body.ToJsonString());

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string url, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var answer = await Http.SendAsync(request);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Adds an account and an image clip, and gives a request that is right in every field.</summary>
    public async Task<JsonObject> NewRequestAsync(Action<JsonObject>? account = null, JsonObject? clip = null)
    {
        var accountId = await AddAccountAsync(account);
        var added = await PostAsync("/meta/clips", clip ?? new JsonObject { ["title"] = "A clip", ["image_url"] = ImageUrl });
        Assert.That(added.Code, Is.EqualTo(201), added.Text);
        return Request(accountId, (string)added.Json["id"]!);
    }

    public async Task<string> AddAccountAsync(Action<JsonObject>? change = null)
    {
        var account = new JsonObject
        {
            ["name"] = "An account", ["ad_account_id"] = $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", ["page_id"] = "2000000001",
            ["currency"] = "USD", ["timezone_name"] = "America/New_York", ["default_countries"] = new JsonArray("US"),
            ["access_token"] = $"{Service.SecretToken}{Guid.NewGuid():N}",
        };
        change?.Invoke(account);
        var added = await PostAsync("/meta/accounts", account);
        Assert.That(added.Code, Is.EqualTo(201), added.Text);
        return (string)added.Json["id"]!;
    }

    /// <summary>The seed's sample, for this account and clip.</summary>
    public static JsonObject Request(string accountId, string clipId) => new()
    {
        ["social_account_id"] = accountId, ["clip_id"] = clipId, ["campaign_name"] = "Summer Sale 2025", ["campaign_objective"] = "OUTCOME_SALES",
        ["daily_budget_cents"] = 10000, ["creative_title"] = "Amazing Product", ["creative_description"] = "Get 50% off",
        ["landing_url"] = "https://example.com/sale",
        ["targeting"] = new JsonObject { ["age_min"] = 18, ["age_max"] = 65, ["genders"] = new JsonArray(1, 2) },
        ["optimization_goal"] = "LINK_CLICKS", ["auto_publish"] = false,
    };

    /// <summary>Posts a request that must be accepted; its request id.</summary>
    public async Task<string> AcceptAsync(JsonObject request, params (string Name, string Value)[] headers)
    {
        var answer = await PostAsync("/meta/orchestrate/run", request, headers);
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        return (string)answer.Json["request_id"]!;
    }

    public async Task<JsonNode> RunAsync(string requestId) => (await GetAsync($"/meta/orchestrate/runs/{requestId}")).Json;

    /// <summary>Waits until the run has ended, or reached the status; its result.</summary>
    public async Task<JsonNode> UntilAsync(string requestId, string? status = null)
    {
        JsonNode run = null!;
        await Eventually.TrueAsync(async () =>
        {
            run = await RunAsync(requestId);
            var now = (string)run["status"]!;
            return status is null ? now is "succeeded" or "failed" or "cancelled" : now == status;
        }, () => $"{run.ToJsonString()} {Progress()}", Details);
        return run;
    }

    public void Dispose() => Http.Dispose();
}
