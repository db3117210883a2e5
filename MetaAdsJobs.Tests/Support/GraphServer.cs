using System.Collections.Concurrent;
using MetaAdsJobs.StubGraph;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The stub Graph over real HTTP, with everything that goes wrong between a client and Meta.</summary>
public sealed class GraphServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly StubGraphApi _graph;
    private readonly NpgsqlDataSource _dataSource;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<RecordedCall> _calls = new();

    private GraphServer(NpgsqlDataSource dataSource, TimeProvider time)
    {
        (_dataSource, _time, _graph) = (dataSource, time, new StubGraphApi(dataSource, time));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 100_000_000);
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>For META_GRAPH_URL.</summary>
    public string BaseUrl => _app.Urls.First();

    /// <summary>Every request so far, in the order of arrival.</summary>
    public IReadOnlyList<RecordedCall> Calls => [.. _calls];

    public GraphFaultRules Faults { get; } = new();

    /// <summary>Added to every call before the Graph acts.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>How long lists do not show a new object.</summary>
    public TimeSpan SearchLag { get; set; }

    /// <param name="time">The Graph's clock; the system's if none is given. Faults always wait in real time.</param>
    public static async Task<GraphServer> StartAsync(NpgsqlDataSource dataSource, TimeProvider? time = null)
    {
        var server = new GraphServer(dataSource, time ?? TimeProvider.System);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public void ForgetCalls() => _calls.Clear();

    private const string HideSql = """
        UPDATE stub_graph.objects SET searchable_at = created_at + $2 WHERE id = $1
        """;

    internal async Task HideFromSearchAsync(string? id, TimeSpan time)
    {
        if (id is null)
            return;

        await using var command = _dataSource.CreateCommand(HideSql);
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        command.Parameters.Add(new NpgsqlParameter { Value = time });
        await command.ExecuteNonQueryAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var call = await StubGraphEndpoints.ReadStubCallAsync(http, http.Request.Path.Value ?? "");
        var recorded = RecordedCall.Of(
            call,
            hasAuthorization: http.Request.Headers.Authorization.Count > 0,
            hasTokenInUrl: http.Request.Query.ContainsKey("access_token"),
            _time.GetUtcNow());
        _calls.Enqueue(recorded);
        if (Latency > TimeSpan.Zero)
            await Task.Delay(Latency, TimeProvider.System, CancellationToken.None);

        var act = () => ActAsync(call, recorded);
        var answer = await (Faults.Take(recorded)?.Invoke(this, http, act) ?? act());
        if (answer is not null && !http.RequestAborted.IsCancellationRequested)
            await StubGraphEndpoints.WriteStubAnswerAsync(http, answer);
    }

    // Meta does not stop because its caller has hung up: hence no cancellation.
    private async Task<StubAnswer?> ActAsync(StubCall call, RecordedCall recorded)
    {
        var answer = await _graph.AnswerAsync(call, CancellationToken.None);
        if (SearchLag > TimeSpan.Zero && recorded.IsCreate)
            await HideFromSearchAsync(GraphFaults.IdIn(answer), SearchLag);

        return answer;
    }
}
