using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Tests.Support;

/// <summary>A message as it came.</summary>
public sealed record Received(string Path, string Id, string Timestamp, string Signature, string ContentType, byte[] Body, int Answer)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public Verification Verify(DateTimeOffset now, params string[] secrets) => StandardWebhooks.Verify(secrets, Id, Timestamp, Signature, Body, now);
}

/// <summary>A receiver of webhooks, over real HTTP: it takes what comes, or what the test says.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private Receiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            string Header(string name) => http.Request.Headers[name].ToString();
            var message = new Received(http.Request.Path, Header("webhook-id"), Header("webhook-timestamp"), Header("webhook-signature"), http.Request.ContentType ?? "", body.ToArray(), 0);
            await Answer(http, message);
            _received.Enqueue(message with { Answer = http.Response.StatusCode });
        });
    }

    public string Url => $"{_app.Urls.First()}/hook";

    public int Port => new Uri(Url).Port;

    /// <summary>How it answers; by default 204.</summary>
    public Func<HttpContext, Received, Task> Answer { get; set; } = With(204);

    /// <summary>Everything so far, in the order of its answers.</summary>
    public IReadOnlyList<Received> All => [.. _received];

    /// <summary>What it has taken.</summary>
    public IReadOnlyList<Received> Taken => [.. _received.Where(message => message.Answer is >= 200 and < 300)];

    public static Func<HttpContext, Received, Task> With(int status) => (http, _) =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
