using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Tests.Support;

/// <summary>One account whose orchestrations are run in this process against a Graph over HTTP, without a queue.</summary>
internal sealed class AccountWorld : IAsyncDisposable
{
    private AccountWorld(InProcess core, GraphServer graph) => (Core, Graph) = (core, graph);

    public InProcess Core { get; }

    public GraphServer Graph { get; }

    public Guid AccountId { get; private set; }

    public static async Task<AccountWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var database = await TestDatabase.CreateAsync();
        var graph = await GraphServer.StartAsync(database.DataSource);
        var core = InProcess.Create(database, time: null, [("META_ADS_MODE", "live"), ("META_GRAPH_URL", graph.BaseUrl), ("DATA_PROTECTION_KEY", OtherProcess.Key), .. settings]);
        return new(core, graph) { AccountId = await core.AddAccountAsync() };
    }

    public async Task<Guid> AcceptAsync()
    {
        var clip = new Clip { Id = Guid.NewGuid(), Title = "A clip", ImageUrl = "https://example.com/a.jpg" };
        await Core.Get<ClipStore>().InsertAsync(clip, CancellationToken.None);
        var body = JsonSerializer.SerializeToElement(ApiClient.Request(AccountId.ToString(), clip.Id.ToString()));
        return ((Acceptance.Accepted)await Core.Get<AcceptOrchestration>().ExecuteAsync(body, "a test", null, CancellationToken.None)).RequestId;
    }

    public Task<JobOutcome> RunAsync(Guid requestId) => Core.Get<RunOrchestration>().ExecuteAsync(requestId, CancellationToken.None);

    /// <summary>A change of the account as its admin sends it.</summary>
    public async Task ChangeAsync(object change) =>
        Assert.That(await Core.Get<SaveAccount>().ChangeAsync(AccountId, JsonSerializer.SerializeToElement(change), CancellationToken.None), Is.InstanceOf<Saved<SocialAccount>.Done>());

    public async Task<SocialAccount> AccountAsync() => (await Core.Get<AccountStore>().FindAsync(AccountId, CancellationToken.None))!;

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await Core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public async ValueTask DisposeAsync()
    {
        await Graph.DisposeAsync();
        await Core.DisposeAsync();
    }
}
