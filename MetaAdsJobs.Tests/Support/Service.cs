using System.Net.Http.Headers;
using Dapper;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.Launch.Tokens;
using MetaAdsJobs.Tests.Api.Contract;
using MetaAdsJobs.Tests.Launch;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>
/// The whole service in live mode: an API and workers, a database of its own, and a Graph over real HTTP in which everything can go
/// wrong. When it ends, it has left no account's token anywhere.
/// </summary>
public sealed class Service : IAsyncDisposable
{
    public const string SigningKey = "a signing key for tests that is long enough for HS256";

    /// <summary>Of no secret: the services of the tests all have it.</summary>
    public static readonly string DataProtectionKey = Convert.ToBase64String(new byte[32]);

    /// <summary>Every account's token begins so; what is left behind is searched for it.</summary>
    public const string SecretToken = "EAAsecretOfTheTests";

    private readonly TestDatabase _graphDatabase;
    private readonly bool _ownsDatabase;
    private readonly bool _inProcesses;
    private readonly Dictionary<string, string?> _environment;
    private readonly string _logs = Directory.CreateTempSubdirectory("metaadsjobs-logs-").FullName;
    private readonly List<IServicePart> _workers = [];
    private readonly SemaphoreSlim _killing = new(1, 1);
    private IServicePart _api = null!;
    private int _started;

    private Service(TestDatabase database, TestDatabase graphDatabase, bool ownsDatabase, bool inProcesses, GraphServer graph, FileServer files, Dictionary<string, string?> environment)
    {
        (Database, _graphDatabase, _ownsDatabase, _inProcesses, Graph, Files, _environment) = (database, graphDatabase, ownsDatabase, inProcesses, graph, files, environment);
        Leaks = new(database.DataSource, _logs);
    }

    public TestDatabase Database { get; }

    /// <summary>Where Meta's objects are: another database than the service's when the test stops that one.</summary>
    public TestDatabase GraphDatabase => _graphDatabase;

    public GraphServer Graph { get; }

    public bool HasWorkers => _workers.Count > 0;

    /// <summary>Where the clips' images are.</summary>
    public FileServer Files { get; }

    /// <summary>Where the files that clips were given as are.</summary>
    public string ClipFiles { get; } = Directory.CreateTempSubdirectory("metaadsjobs-clips-").FullName;

    public Uri BaseUrl { get; private set; } = null!;

    public LeakSearch Leaks { get; }

    public ContractWatch Contract { get; } = new();

    /// <summary>The worker processes of a service that has such.</summary>
    public IReadOnlyList<ChildProcess> Workers => [.. _workers.Cast<ProcessPart>().Select(part => part.Process)];

    /// <summary>The API of a service that has processes.</summary>
    public ChildProcess Api => ((ProcessPart)_api).Process;

    /// <summary>On hosts in the tests' own process: for everything but deaths.</summary>
    /// <param name="workers">Workers, each a host of its own.</param>
    /// <param name="database">The service's database; a new one on the shared cluster if none is given.</param>
    /// <param name="settings">Configuration beyond, or instead of, short delays.</param>
    public static Task<Service> StartAsync(int workers = 1, TestDatabase? database = null, params (string Name, string Value)[] settings) =>
        StartAsync(inProcesses: false, workers, database, settings);

    /// <summary>As it is deployed, each part a process: they can be killed. A process takes seconds to start, a host none.</summary>
    /// <param name="workers">Worker processes.</param>
    /// <param name="database">The service's database; a new one on the shared cluster if none is given.</param>
    /// <param name="settings">Configuration beyond, or instead of, short delays.</param>
    public static Task<Service> StartProcessesAsync(int workers = 1, TestDatabase? database = null, params (string Name, string Value)[] settings) =>
        StartAsync(inProcesses: true, workers, database, settings);

    private static async Task<Service> StartAsync(bool inProcesses, int workers, TestDatabase? database, (string Name, string Value)[] settings)
    {
        var graphDatabase = await TestDatabase.CreateAsync();
        var graph = await GraphServer.StartAsync(graphDatabase.DataSource);
        var files = await FileServer.StartAsync();
        var environment = new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = (database ?? graphDatabase).ConnectionString,
            ["META_ADS_MODE"] = "live",
            ["META_GRAPH_URL"] = graph.BaseUrl,
            ["AUTH_SIGNING_KEY"] = SigningKey,
            ["DATA_PROTECTION_KEY"] = DataProtectionKey,
            ["RATE_LIMIT_PER_SECOND"] = "10000",
            ["SIGN_INS_PER_MINUTE"] = "10000",
            ["RETRY_DELAY_SECONDS"] = "1",
            ["LEASE_SECONDS"] = "3",
            ["TAKE_OVER_SECONDS"] = "4",
            ["SETTLE_DELAY_SECONDS"] = "3",
            ["Meta__CallTimeoutSeconds"] = "3",
            ["Meta__AllowPrivateImageHosts"] = "true",
            ["CLIP_FILE_MAX_MB"] = "8",
            ["WORKER_THREADS"] = "10",
            ["META_MUTATIONS_PER_SECOND"] = "100000",
            ["NIGHTLY_SYNC_AT"] = "00:00",
        };
        foreach (var (name, value) in settings) environment[name] = value;

        var service = new Service(database ?? graphDatabase, graphDatabase, database is not null, inProcesses, graph, files, environment);
        environment["CLIP_FILES_DIR"] = service.ClipFiles;
        await service.StartApiAsync();
        for (var worker = 0; worker < workers; worker++) await service.StartWorkerAsync();
        await service.UntilReadyAsync(workers > 0);
        return service;
    }

    public async Task StartWorkerAsync() => _workers.Add(_inProcesses ? StartWorkerProcess() : await HostedPart.StartWorkerAsync(_environment, NextLog()));

    /// <summary>SIGKILL, and another worker process in its place. Kills asked for at once come one after the other.</summary>
    public async Task KillAndReplaceWorkerAsync(int index)
    {
        await _killing.WaitAsync();
        try
        {
            await Workers[index].DisposeAsync();
            _workers[index] = StartWorkerProcess();
        }
        finally
        {
            _killing.Release();
        }
    }

    /// <summary>SIGTERM to all.</summary>
    public async Task StopWorkersAsync()
    {
        await Task.WhenAll(_workers.Select(worker => worker.StopAsync()));
        _workers.Clear();
    }

    /// <summary>An HTTP client with a token of the role; null for a stranger.</summary>
    public ApiClient Client(string? role = "admin", string? subject = null)
    {
        var http = new HttpClient(new SeenAnswers(Leaks, Contract)) { BaseAddress = BaseUrl, Timeout = TimeSpan.FromSeconds(100) };
        if (role is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token(role, subject));
        return new(http) { ImageUrl = Files.UrlOf("/clip.png"), Progress = Progress, Details = () => $"{Unended()}\n{Logs() switch { { Length: > 5000 } logs => logs[^5000..], var logs => logs }}" };
    }

    public static string Token(string role, string? subject = null, string? key = null) =>
        AccessTokens.Mint(key ?? SigningKey, role, TimeSpan.FromHours(1), subject ?? $"{role}@tests", TimeProvider.System);

    /// <summary>What the processes have logged so far, a JSON object a line.</summary>
    public string Logs() => string.Concat(Directory.GetFiles(_logs).Select(LeakSearch.ReadShared));

    /// <summary>How far everything is: what is new in it is progress.</summary>
    public string Progress()
    {
        try
        {
            using var connection = Database.DataSource.OpenConnection();
            return connection.QuerySingle<string>("""
                SELECT concat_ws(' ', (SELECT array_agg(n ORDER BY n) FROM (SELECT concat(status, ':', count(*)) FROM orchestrations GROUP BY status) AS runs (n)),
                                 (SELECT array_agg(n ORDER BY n) FROM (SELECT concat(state, ':', count(*)) FROM orchestration_steps GROUP BY state) AS steps (n)),
                                 (SELECT array_agg(n ORDER BY n) FROM (SELECT concat(state, ':', count(*)) FROM activations GROUP BY state) AS active (n)),
                                 (SELECT array_agg(n ORDER BY n) FROM (SELECT concat(state, ':', count(*)) FROM insight_syncs GROUP BY state) AS syncs (n)))
                """);
        }
        catch (NpgsqlException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>For a failing test: what has not ended, why it waits, and the state of its job.</summary>
    public string Unended()
    {
        using var connection = Database.DataSource.OpenConnection();
        return string.Join('\n', connection.Query<string>("""
            SELECT concat_ws(' ', o.request_id, o.status, 'attempt', o.attempt, 'failures', o.failures, 'abandoned', o.abandoned, 'lease', o.lease_until, 'next', o.next_attempt_at,
                             o.wait_reason, 'job', o.job_id, j.statename, q.fetchedat, o.errors, 'now', clock_timestamp())
            FROM orchestrations o LEFT JOIN hangfire.job j ON j.id = o.job_id::bigint LEFT JOIN hangfire.jobqueue q ON q.jobid = j.id
            WHERE o.status IN ('queued', 'running', 'waiting') LIMIT 20
            """));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll([_api.StopAsync(), StopWorkersAsync()]);
        await Leaks.AssertNoneAsync(SecretToken);
        await Graph.DisposeAsync();
        await Files.DisposeAsync();
        await _graphDatabase.DisposeAsync();
        if (_ownsDatabase) await Database.DisposeAsync();
        Directory.Delete(_logs, recursive: true);
        Directory.Delete(ClipFiles, recursive: true);
        Contract.AssertAllWasDescribed();
    }

    private async Task StartApiAsync()
    {
        if (_inProcesses)
        {
            BaseUrl = new($"http://127.0.0.1:{Launcher.FreePort()}");
            _environment["ASPNETCORE_URLS"] = BaseUrl.ToString();
            _api = new ProcessPart(ChildProcess.Start(ChildProgram.Built("MetaAdsJobs.Api", _environment), Path.Combine(_logs, "api.log")));
        }
        else
        {
            (_api, BaseUrl) = await HostedPart.StartApiAsync(_environment, Path.Combine(_logs, "api.log"));
        }
    }

    private ProcessPart StartWorkerProcess() => new(ChildProcess.Start(ChildProgram.Built("MetaAdsJobs.Worker", _environment), NextLog()));

    private string NextLog() => Path.Combine(_logs, $"worker-{Interlocked.Increment(ref _started)}.log");

    private async Task UntilReadyAsync(bool withWorker)
    {
        using var http = new HttpClient { BaseAddress = BaseUrl };
        await Eventually.TrueAsync(async () =>
        {
            if (_api.HasEnded) Assert.Fail($"The API ended while starting:\n{Logs()}");
            try
            {
                using var answer = await http.GetAsync(withWorker ? "/health/ready" : "/health/live");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // Not listening yet.
            }
        }, () => "The service did not become ready.", Logs);
    }

    private sealed class SeenAnswers(LeakSearch leaks, ContractWatch contract) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            leaks.Saw($"{request.Method} {request.RequestUri}", $"{answer.Headers}{text}");
            contract.Saw(request, answer, text);
            return answer;
        }
    }
}
