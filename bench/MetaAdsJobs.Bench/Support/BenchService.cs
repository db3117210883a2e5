using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Bench.Support;

/// <summary>The service on one database: its modules in this process to accept with, and real API and worker processes.</summary>
internal sealed class BenchService : IAsyncDisposable
{
    public const string SigningKey = "a signing key for the bench, long enough for HS256";

    // By bench/run.
    private static readonly string Published = Path.Combine(ProjectFolder.Path, "bench", "MetaAdsJobs.Bench", "bin", "worker");

    private readonly Dictionary<string, string?> _environment;
    private readonly string _logs;
    private readonly IHost _host;
    private readonly List<ChildProcess> _children = [];

    public BenchService(BenchCluster cluster, BenchDatabase database, params (string Name, string Value)[] settings)
    {
        (Database, _logs) = (database, cluster.Logs);
        _environment = new()
        {
            ["DATABASE_URL"] = database.ConnectionString, ["META_ADS_MODE"] = "stub", ["AUTH_SIGNING_KEY"] = SigningKey,
            ["DATA_PROTECTION_KEY"] = Convert.ToBase64String(new byte[32]), ["RATE_LIMIT_PER_SECOND"] = "1000000",
            ["META_MUTATIONS_PER_SECOND"] = "1000000",
        };
        foreach (var (name, value) in settings) _environment[name] = value;

        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(_environment);
        builder.Configuration.AddSeedKeys();
        builder.Services.AddMetaAdsJobs().AddStubGraph();
        _host = builder.Build();
    }

    public BenchDatabase Database { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>Runs a sync to its end in a process of its own.</summary>
    public async Task<SyncRun> SyncAsync(Guid syncId, CancellationToken ct)
    {
        var (result, log) = (Path.Combine(_logs, $"{Guid.NewGuid():N}.result"), Path.Combine(_logs, $"{Guid.NewGuid():N}.log"));
        var process = Start(new(["dotnet", typeof(SyncProcess).Assembly.Location, SyncProcess.Argument, $"{syncId}", result], ProjectFolder.Path, _environment), log);
        var exitCode = await process.Exited.WaitAsync(ct);
        return File.Exists(result) ? await SyncProcess.ReadAsync(result) : throw new BenchException($"The sync's process ended early, {exitCode}: {await File.ReadAllTextAsync(log, ct)}");
    }

    public ChildProcess StartWorker() => Start(new(["dotnet", Path.Combine(Published, "MetaAdsJobs.Worker.dll")], Published, _environment));

    /// <summary>An API process that answers.</summary>
    public async Task<Uri> StartApiAsync(CancellationToken ct)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var api = Start(ChildProgram.Built("MetaAdsJobs.Api", new Dictionary<string, string?>(_environment) { ["ASPNETCORE_URLS"] = address.ToString() }));
        using var http = new HttpClient { BaseAddress = address };
        await Until.TrueAsync(async () =>
        {
            if (api.Exited.IsCompleted) throw new BenchException($"The API ended while starting, code {await api.Exited}");
            try
            {
                using var answer = await http.GetAsync("/health/live", ct);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // Not listening yet.
            }
        }, TimeSpan.FromSeconds(60), "an API that answers", ct);
        return address;
    }

    /// <summary>A new account and a clip, and a request for an ad of them.</summary>
    /// <param name="adAccountId">Any by default.</param>
    /// <param name="imageUrl">What the clip shows; by default a video at Meta: nothing to upload.</param>
    public async Task<JsonElement> NewRequestAsync(CancellationToken ct, string? adAccountId = null, string? imageUrl = null)
    {
        var account = await Services.GetRequiredService<SaveAccount>().CreateAsync(Json(new()
        {
            ["name"] = "An account", ["ad_account_id"] = adAccountId ?? $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", ["page_id"] = "2000000001",
            ["currency"] = "USD", ["timezone_name"] = "America/New_York", ["default_countries"] = new JsonArray("US"), ["access_token"] = "bench-token",
        }), ct);
        var clip = await Services.GetRequiredService<SaveClip>().CreateAsync(Json(imageUrl is null
            ? new() { ["title"] = "A clip", ["video_id"] = "120210000000000001", ["thumbnail_url"] = "https://cdn.example.com/clip.jpg" }
            : new() { ["title"] = "A clip", ["image_url"] = imageUrl }), ct);
        return Json(new()
        {
            ["social_account_id"] = ((Saved<SocialAccount>.Done)account).Value.Id, ["clip_id"] = ((Saved<Clip>.Done)clip).Value.Id,
            ["campaign_name"] = "Summer Sale 2025", ["campaign_objective"] = "OUTCOME_SALES", ["daily_budget_cents"] = 10000,
            ["creative_title"] = "Amazing Product", ["creative_description"] = "Get 50% off", ["landing_url"] = "https://example.com/sale",
            ["targeting"] = new JsonObject { ["age_min"] = 18, ["age_max"] = 65, ["genders"] = new JsonArray(1, 2) },
            ["optimization_goal"] = "LINK_CLICKS", ["auto_publish"] = false,
        });
    }

    public async Task<Guid> AcceptAsync(JsonElement request, CancellationToken ct) =>
        await Services.GetRequiredService<AcceptOrchestration>().ExecuteAsync(request, "bench", idempotencyKey: null, ct) is Acceptance.Accepted accepted
            ? accepted.RequestId
            : throw new BenchException("A request was not accepted");

    /// <summary>Waits until a worker process has announced itself, and a second more: it is idle then.</summary>
    public async Task UntilWorkersAsync(int count, CancellationToken ct)
    {
        await Until.TrueAsync(async () => await Database.ScalarAsync<long>("SELECT count(*) FROM hangfire.server") >= count,
            TimeSpan.FromSeconds(60), $"{count} worker processes", ct);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var child in _children) await child.DisposeAsync();
        _host.Dispose();
        await Database.DisposeAsync();
    }

    private ChildProcess Start(ChildProgram program, string? log = null)
    {
        var child = ChildProcess.Start(program, log ?? Path.Combine(_logs, $"{Guid.NewGuid():N}.log"));
        _children.Add(child);
        return child;
    }

    private static JsonElement Json(JsonObject body) => JsonSerializer.SerializeToElement(body);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
