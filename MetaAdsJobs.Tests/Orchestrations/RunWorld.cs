using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>How an orchestration went: its result, and how long and why it waited in between.</summary>
internal sealed record Ran(OrchestrationResult Result, IReadOnlyList<JobOutcome.Snoozed> Waits, int Throws);

/// <summary>Whom an orchestration is for, and with what.</summary>
internal sealed record Asked(Guid RequestId, Guid AccountId, string AdAccountId, Guid ClipId);

/// <summary>Orchestrations run in this process against a Graph over HTTP, without a queue: what a run would wait for is there at once.</summary>
internal sealed class RunWorld : IAsyncDisposable
{
    private readonly InProcess _core;
    private int _accounts;

    private RunWorld(InProcess core, GraphServer graph, ShiftedTime time) => (_core, Graph, Time) = (core, graph, time);

    public GraphServer Graph { get; }
    public ShiftedTime Time { get; }
    public TestDatabase Database => _core.Database;

    public T Get<T>() where T : notnull => _core.Get<T>();

    public static async Task<RunWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var database = await TestDatabase.CreateAsync();
        var time = new ShiftedTime();
        return Over(database, await GraphServer.StartAsync(database.DataSource, time), time, settings);
    }

    /// <param name="database">It, and the Graph, go with this.</param>
    public static RunWorld Over(TestDatabase database, GraphServer graph, ShiftedTime time, params (string Name, string Value)[] settings) =>
        new(InProcess.Create(database, time, [("META_ADS_MODE", "live"), ("META_GRAPH_URL", graph.BaseUrl), ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])), .. settings]), graph, time);

    /// <summary>A request of an account and a clip of its own that is right in every field, but for the changes.</summary>
    /// <param name="clip">The clip's source; by default an image that only Meta can fetch.</param>
    public async Task<Asked> AcceptAsync(string change = "{}", string clip = """{"image_url":"http://nowhere.invalid/clip.jpg"}""", string? adAccountId = null)
    {
        var account = new SocialAccount
        {
            Id = Guid.NewGuid(), Name = "Our shop", AdAccountId = adAccountId ?? $"act_{7_000_000 + Interlocked.Increment(ref _accounts)}", PageId = "2000000001", Currency = "USD",
            TimezoneName = "America/New_York", DefaultCountries = ["US"],
        };
        Assert.That(await Get<AccountStore>().InsertAsync(account, Get<AccountTokens>().Close("a token"), CancellationToken.None), Is.True);
        return await AcceptAsync(account.Id, account.AdAccountId, await AddClipAsync(clip), change);
    }

    public async Task<Guid> AddClipAsync(string clip)
    {
        var source = JsonNode.Parse(clip)!;
        var added = new Clip
        {
            Id = Guid.NewGuid(), Title = "A clip", VideoUrl = (string?)source["video_url"], VideoId = (string?)source["video_id"], ImageUrl = (string?)source["image_url"],
            ThumbnailUrl = (string?)source["thumbnail_url"],
        };
        Assert.That(await Get<ClipStore>().InsertAsync(added, CancellationToken.None), Is.True);
        return added.Id;
    }

    /// <summary>Another request of the same account and clip.</summary>
    public Task<Asked> AgainAsync(Asked asked, string change = "{}") => AcceptAsync(asked.AccountId, asked.AdAccountId, asked.ClipId, change);

    /// <summary>Runs it until it ends, as often as that takes: what throws comes again, as the queue would have it.</summary>
    public async Task<Ran> RunAsync(Asked asked, int runs = 300)
    {
        var (waits, throws) = (new List<JobOutcome.Snoozed>(), 0);
        for (var run = 0; run < runs; run++)
        {
            try
            {
                if (await Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None) is not JobOutcome.Snoozed snoozed) break;
                waits.Add(snoozed);
                Time.AdvanceTo(snoozed.Until);
            }
            catch (Exception exception) when (exception is Core.Meta.Graph.MetaException or Core.Clips.Files.ClipFileException or InvalidOperationException)
            {
                throws++;
            }
        }

        return new((await Get<OrchestrationReader>().FindAsync(asked.RequestId, CancellationToken.None))!, waits, throws);
    }

    /// <summary>The creates that were sent for it.</summary>
    public List<RecordedCall> Creates(Asked asked, string edge) => [.. Graph.Calls.Where(call => call.IsCreateOf(edge) && call.Path.StartsWith($"{asked.AdAccountId}/", StringComparison.Ordinal))];

    /// <summary>What its one creative was created with.</summary>
    public JsonNode Story(Asked asked) => JsonNode.Parse(Creates(asked, "adcreatives")[^1]["object_story_spec"]!)!;

    /// <summary>Kinds of what exists at Meta in the account, a word each.</summary>
    public async Task<string> AtMetaAsync(Asked asked) => string.Join(' ', await QueryAsync<string>(
        "SELECT kind FROM stub_graph.objects WHERE account_id = @Account AND deleted_at IS NULL ORDER BY kind", new { Account = asked.AdAccountId[4..] }));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    public Task<IReadOnlyList<int>> ExecuteAsync(string sql, object? parameters = null) => QueryAsync<int>(sql, parameters);

    public async ValueTask DisposeAsync()
    {
        await _core.DisposeAsync();
        await Graph.DisposeAsync();
    }

    private async Task<Asked> AcceptAsync(Guid accountId, string adAccountId, Guid clipId, string change)
    {
        var body = SentCase.Merged(ApiClient.Request($"{accountId}", $"{clipId}").ToJsonString(), change);
        var errors = new FieldErrors();
        var request = RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _);
        Assert.That(request, Is.Not.Null);
        var requestId = Guid.CreateVersion7();
        await Get<AcceptanceStore>().InsertAsync(requestId, request!, request!.ToJson(), [1], "tests", null, Get<IJobQueue>().EnqueueOrchestration, request!.ActivateAt is { } at ? LocalMoments.Read(at, TimeZoneInfo.FindSystemTimeZoneById("America/New_York")).At : null, CancellationToken.None);
        return new(requestId, accountId, adAccountId, clipId);
    }
}
