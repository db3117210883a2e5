using System.Net;
using System.Net.Sockets;
using MetaAdsJobs.Launch.Demo;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.Launch.Tokens;

namespace MetaAdsJobs.Launch;

/// <summary>./run: database, API and workers, the sample request, then serving until told to stop; with --demo it stops by itself.</summary>
internal sealed class RunCommand(LaunchOptions options, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(7);
    private const string HowToGetOne = "./run token --role admin|manager|viewer, or your authority's";

    private readonly Uri _address = new($"http://127.0.0.1:{options.Port}");

    private string Logs => Path.Combine(options.DataFolder, "logs");

    /// <param name="demoOnly">Stops by itself after the sample request.</param>
    /// <param name="withWorld">Builds the demo world, too.</param>
    public async Task<int> ExecuteAsync(bool demoOnly, bool withWorld, CancellationToken ct)
    {
        if (withWorld && options.Live) throw new LaunchException("--world is for stub mode: it would build campaigns at Meta.");
        EnsurePortIsFree();
        EnsureDataFolder();
        await using var database = await LaunchDatabase.OpenAsync(options, say, ct);
        say($"Database: {database.Description}");

        await using var supervisor = new Supervisor(Logs, say, time);
        Keep(supervisor, database.ConnectionString, withWorld);
        say($"API on {_address} and {options.Workers} worker process{(options.Workers == 1 ? "" : "es")}, logs in {Logs}");

        var token = StubToken();
        using var service = new ServiceClient(_address, token ?? "");
        await WaitUntilReadyAsync(service, supervisor, ct);
        var succeeded = options.Live || await DemonstrateAsync(service, withWorld ? new DemoWorld(service, database.ConnectionString, say, time) : null, ct);
        if (demoOnly)
            return succeeded ? 0 : 1;

        TellHowToUse(token, token is null ? null : await FirstAdmin.LinkAsync(service, ct));
        await UntilStoppedAsync(ct);
        say("Stopping …");
        return 0;
    }

    private void Keep(Supervisor supervisor, string connectionString, bool withWorld)
    {
        var environment = new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = connectionString,
            ["META_ADS_MODE"] = options.Live ? "live" : "stub",
            ["CLIP_FILES_DIR"] = options.ClipFiles,
            [OwnKeys.DataProtectionKey] = OwnKeys.DataProtection(options.DataFolder),
        };
        if (!options.Live)
            environment[OwnKeys.SigningKey] = OwnKeys.Signing(options.DataFolder);
        // Made-up numbers are all there at once: the demo world's pool proposes whatever the time is.
        if (withWorld) environment["NIGHTLY_SYNC_AT"] = "00:00";
        var api = new Dictionary<string, string?>(environment) { ["ASPNETCORE_URLS"] = _address.ToString() };

        supervisor.Keep("api", ChildProgram.Built("MetaAdsJobs.Api", api));
        for (var worker = 1; worker <= options.Workers; worker++)
            supervisor.Keep($"worker {worker}", ChildProgram.Built("MetaAdsJobs.Worker", environment));
    }

    /// <summary>Stub mode's only: in live mode it would open other people's money to whoever reads over a shoulder, or a log.</summary>
    private string? StubToken() => options.Live ? null : AccessTokens.Mint(OwnKeys.Signing(options.DataFolder), "admin", TokenLifetime, "admin@run", time);

    private async Task WaitUntilReadyAsync(ServiceClient service, Supervisor supervisor, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (!await service.IsReadyAsync(ct))
        {
            if (supervisor.Hopeless.IsCompleted)
                throw new LaunchException(await supervisor.Hopeless);
            if (time.GetElapsedTime(since) > ReadyWithin)
                throw new LaunchException($"{_address}health/ready did not say ready within {ReadyWithin.TotalSeconds:0} s; see the logs in {options.DataFolder}.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, ct);
        }
    }

    private async Task<bool> DemonstrateAsync(ServiceClient service, DemoWorld? world, CancellationToken ct)
    {
        try
        {
            await DemoObjects.EnsureAsync(service, ct);
            if (world is not null) await world.BuildAsync(ct);
            return await new SampleRequest(service, say, time).SendAsync(ct);
        }
        catch (Exception failed) when (failed is LaunchException or HttpRequestException || (failed is TaskCanceledException && !ct.IsCancellationRequested))
        {
            say($"The demo failed: {failed.Message}");
            return false;
        }
    }

    private void TellHowToUse(string? token, string? link)
    {
        say($"""

            API       {_address}
            Console   {_address}console
            Swagger   {_address}swagger
            Hangfire  {_address}hangfire
            Token     {token ?? HowToGetOne}
            Sign in   {link ?? "./run user add --mail you@example.com --all, then ./run user link --mail you@example.com"}

            curl -X POST {_address}meta/orchestrate/run -H 'Authorization: Bearer {token ?? "…"}' -H 'Content-Type: application/json' -d @'{SampleRequest.File}'

            Serving until Ctrl-C.
            """);
    }

    private static async Task UntilStoppedAsync(CancellationToken ct)
    {
        var stopped = new TaskCompletionSource();
        await using (ct.Register(stopped.SetResult))
            await stopped.Task;
    }

    // Before anything is started: a busy port is the most likely mistake, a second ./run.
    private void EnsurePortIsFree()
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, options.Port);
            probe.Start();
        }
        catch (SocketException)
        {
            throw new LaunchException($"Port {options.Port} is in use: stop what listens there, or choose another, as in PORT={options.Port + 1} ./run");
        }
    }

    private void EnsureDataFolder()
    {
        try
        {
            if (!ClosedFolder.Ensure(options.DataFolder))
                say($"{options.DataFolder} holds other things too: who may look into it is left as it is. The keys in it are for you only.");
            ClosedFolder.Create(Logs);
            ClosedFolder.CloseFolder(Logs);
            ClosedFolder.Create(options.ClipFiles);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            throw new LaunchException($"Cannot write in {options.DataFolder}: set DATA_FOLDER to a folder of your own.");
        }
    }
}
