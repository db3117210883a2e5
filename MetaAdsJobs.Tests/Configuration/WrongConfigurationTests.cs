using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;
using MetaAdsJobs.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Tests.Configuration;

/// <summary>A process that is configured wrongly does not start: one line tells which key it is, and the database is left alone.</summary>
[TestFixture]
public sealed class WrongConfigurationTests
{
    private const string Api = "MetaAdsJobs.Api";
    private const string Worker = "MetaAdsJobs.Worker";

    // Nobody listens there: a process that gets as far as the database names DATABASE_URL, and the test sees it.
    private static readonly (string, string)[] Right =
    [
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("META_ADS_MODE", "live"), ("AUTH_SIGNING_KEY", Service.SigningKey),
        ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])),
    ];

    private static readonly string[] Both = [Api, Worker];

    public static IEnumerable<TestCaseData> WrongKeys() =>
    [
        .. Wrong(Both, "DATABASE_URL", ""), .. Wrong(Both, "META_ADS_MODE", "foo"), .. Wrong(Both, "MAX_RETRIES", "-1"), .. Wrong(Both, "NIGHTLY_SYNC_AT", "25:00"),
        .. Wrong(Both, "SETTLE_DELAY_SECONDS", "5"), .. Wrong(Both, "META_GRAPH_VERSION", "26"), .. Wrong(Both, "DATA_PROTECTION_KEY", ""),
        .. Wrong([Worker], "DATABASE_URL", "nonsense"), .. Wrong([Worker], "DATABASE_URL", "mysql://nobody@127.0.0.1/none"),
        .. Wrong([Worker], "DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        .. Wrong([Worker], "META_ADS_MODE", "1"), .. Wrong([Worker], "META_ADS_MODE", "stub,live"),
        .. Wrong([Worker], "META_GRAPH_URL", "graph"), .. Wrong([Worker], "META_GRAPH_URL", "ftp://graph"), .. Wrong(Both, "META_GRAPH_URL", "http://graph.example.com"),
        .. Wrong([Worker], "CLIP_FILES_DIR", "/nowhere/at/all"), .. Wrong([Api], "CLIP_FILES_DIR", "clips"), .. Wrong([Worker], "META_GRAPH_VIDEO_URL", "http://video.example.com"),
        .. Wrong([Worker], "MAX_RETRIES", "three"), .. Wrong([Worker], "MAX_RETRIES", "1.5"), .. Wrong([Worker], "LEASE_SECONDS", "99999999999"),
        .. Wrong([Worker], "INSIGHTS_LOOKBACK_DAYS", "0"), .. Wrong([Worker], "WORKER_THREADS", "0"), .. Wrong([Worker], "META_MUTATIONS_PER_SECOND", "0"),
        .. Wrong([Worker], "WORKER_METRICS_PORT", "70000"), .. Wrong([Api], "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        .. Wrong([Worker], "DATA_PROTECTION_KEY", "c2hvcnQ="), .. Wrong([Worker], "DATA_PROTECTION_KEY", "not base64!"),
        .. Wrong([Api], "AUTH_SIGNING_KEY", ""), .. Wrong([Api], "AUTH_SIGNING_KEY", "short"), .. Wrong([Api], "RATE_LIMIT_PER_SECOND", "0"),
        .. Wrong([Api], "SIGN_INS_PER_MINUTE", "0"), .. Wrong([Api], "PATH_BASE", "/ads/"),
        .. Wrong([Api], "AUTH_AUDIENCE", "", ("AUTH_SIGNING_KEY", ""), ("AUTH_AUTHORITY", "https://issuer.example.com")),
        .. Wrong([Api], "AUTH_AUTHORITY", "issuer", ("AUTH_SIGNING_KEY", ""), ("AUTH_AUDIENCE", "ads")),
        .. Wrong([Api], "AUTH_AUTHORITY", "http://issuer.example.com", ("AUTH_SIGNING_KEY", ""), ("AUTH_AUDIENCE", "ads")),
        .. Wrong([Api], "AUTH_SIGNING_KEY", Service.SigningKey, ("AUTH_AUTHORITY", "https://issuer.example.com"), ("AUTH_AUDIENCE", "ads")),
    ];

    [TestCaseSource(nameof(WrongKeys))]
    public async Task A_wrong_key_stops_the_start_in_one_line_that_names_it(string project, string key, (string, string)[] settings)
    {
        var said = await RefusesAsync(project, settings);
        Assert.That(said, Does.Contain($"{key}: ").Or.Contain($"{key} "));
    }

    [TestCase(Api)]
    [TestCase(Worker)]
    public async Task Everything_that_is_wrong_is_told_at_once(string project)
    {
        var said = await RefusesAsync(project, [.. Right, ("MAX_RETRIES", "-1"), ("LEASE_SECONDS", "many"), ("META_GRAPH_VERSION", "26"), ("NIGHTLY_SYNC_AT", "25:00")]);
        foreach (var key in (string[])["MAX_RETRIES", "LEASE_SECONDS", "META_GRAPH_VERSION", "NIGHTLY_SYNC_AT"])
            Assert.That(said.Split($"{key}: "), Has.Length.EqualTo(2), $"{key} is named once in: {said}");
    }

    [TestCase(Api, true)]
    [TestCase(Worker, true)]
    [TestCase(Worker, false)]
    public async Task A_key_that_does_not_open_what_others_closed_stops_the_start(string project, bool given)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using (var right = OtherProcess.Start(database.ConnectionString)) right.GetRequiredService<AccountTokens>().Close("a token");
        var wrong = given ? Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]) : "";

        var said = await RefusesAsync(project, [.. Right, ("DATABASE_URL", database.ConnectionString), ("META_ADS_MODE", given ? "live" : "stub"), ("DATA_PROTECTION_KEY", wrong)]);

        Assert.That(said, Does.StartWith($"Wrong configuration: DATA_PROTECTION_KEY: {(given ? "does not open" : "is not set, but")} the keys stored in the database"));
        Assert.That(given && said.Contains(wrong, StringComparison.Ordinal), Is.False);
    }

    [Test]
    public async Task A_secret_that_is_wrong_is_not_repeated()
    {
        var said = await RefusesAsync(Api, [.. Right, ("AUTH_SIGNING_KEY", "hush-hush"), ("DATA_PROTECTION_KEY", "hush-hush"), ("DATABASE_URL", "postgres://user:hush-hush@:x/y")]);
        Assert.That(said, Does.Not.Contain("hush-hush"));
    }

    [Test]
    public async Task Stub_mode_does_not_start_where_no_stub_is_plugged_in()
    {
        using var errors = new StringWriter();
        var code = await StartUp.RunAsync(async () =>
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Configuration.AddInMemoryCollection(EnvironmentOf([.. Right, ("META_ADS_MODE", "stub")]));
            using var host = builder.AddWorker().Build().CheckConfiguration();
            await host.RunAsync();
        }, errors);

        Assert.That(errors.ToString().Trim(), Does.StartWith("Wrong configuration: META_ADS_MODE: ").And.Contain("plugged in").And.Not.Contain("\n"));
        Assert.That(code, Is.EqualTo(1));
    }

    private static IEnumerable<TestCaseData> Wrong(string[] projects, string key, string value, params (string, string)[] beside) => projects.Select(project =>
        new TestCaseData(project, key, ((string, string)[])[.. Right, .. beside, (key, value)]).SetArgDisplayNames(project.Split('.')[1], $"{key}={value}"));

    [TestCase(Api, "META_ADS_MODE", "foo")]
    [TestCase(Worker, "META_ADS_MODE", "foo")]
    [TestCase(Api, "ASPNETCORE_URLS", "127.0.0.1:5080")]
    public async Task The_process_itself_says_the_line_and_nothing_else_and_ends_with_1(string project, string key, string value)
    {
        var environment = EnvironmentOf([.. Right, ("ASPNETCORE_URLS", $"http://127.0.0.1:{Launcher.FreePort()}"), (key, value)]);
        var log = Path.GetTempFileName();
        try
        {
            await using var process = ChildProcess.Start(ChildProgram.Built(project, environment), log);
            Assert.That(await process.Exited, Is.EqualTo(1));
            Assert.That((await File.ReadAllTextAsync(log)).Trim(), Does.StartWith($"Wrong configuration: {key}: ").And.Not.Contain("\n"));
        }
        finally
        {
            File.Delete(log);
        }
    }

    [TestCase("urls", "5080", "ASPNETCORE_URLS: 5080 is no address")]
    [TestCase("urls", "localhost:5080", "ASPNETCORE_URLS: localhost:5080 is no address")]
    [TestCase("urls", "http://127.0.0.1:99999", "ASPNETCORE_URLS: http://127.0.0.1:99999 is no address")]
    [TestCase("urls", "http://127.0.0.1:port", "ASPNETCORE_URLS: http://127.0.0.1:port is no address")]
    [TestCase("urls", "tcp://127.0.0.1:5080", "ASPNETCORE_URLS: tcp://127.0.0.1:5080 is no address")]
    [TestCase("urls", "http://127.0.0.1:5080/ads", "ASPNETCORE_URLS: http://127.0.0.1:5080/ads is no address")]
    [TestCase("urls", "http://127.0.0.1:5080;x", "ASPNETCORE_URLS: x is no address")]
    [TestCase("http_ports", "http", "ASPNETCORE_HTTP_PORTS: http is no port")]
    [TestCase("https_ports", "0", "ASPNETCORE_HTTPS_PORTS: 0 is no port")]
    [TestCase("urls", "http://127.0.0.1:5080/;http://[::1]:0;http://+:80;https://*;http://ads.example.com:8080", null)]
    [TestCase("http_ports", "8080;8081", null)]
    [TestCase("urls", "", null)]
    public void What_cannot_be_listened_at_is_named_with_what_can(string key, string value, string? said)
    {
        var judged = new ListenAddresses.Check(new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build()).Validate(null, new());
        if (said is null) Assert.That(judged.Succeeded, Is.True, judged.FailureMessage);
        else Assert.That(judged.FailureMessage, Does.StartWith(said).And.Contain(": such as "));
    }

    [Test]
    public async Task A_port_that_is_taken_and_an_address_of_another_machine_are_one_line_that_names_them()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        foreach (var (address, why) in ((string, string)[])[($"http://{taken.LocalEndpoint}", "address already in use."), ("http://192.0.2.1:5080", ""), ("http://localhost:0", "Dynamic port binding is not supported")])
        {
            using var errors = new StringWriter();
            var code = await StartUp.RunAsync(async () =>
            {
                await using var app = Microsoft.AspNetCore.Builder.WebApplication.CreateBuilder(new Microsoft.AspNetCore.Builder.WebApplicationOptions { EnvironmentName = "Production" }).Build();
                app.Urls.Add(address);
                await ListenAddresses.ServeAsync(app);
            }, errors);
            Assert.That(code, Is.EqualTo(1));
            Assert.That(errors.ToString().Trim(), Does.StartWith($"Wrong configuration: ASPNETCORE_URLS: cannot listen at {address}: ").And.Contain(why).And.Not.Contain("\n"));
        }
    }

    // What the processes do, in this one: starting fifty of them would take a minute.
    private static async Task<string> RefusesAsync(string project, (string Name, string Value)[] settings)
    {
        var log = Path.GetTempFileName();
        await using var errors = new StringWriter();
        try
        {
            var code = await StartUp.RunAsync(() => project == Api ? HostedPart.StartApiAsync(EnvironmentOf(settings), log) : HostedPart.StartWorkerAsync(EnvironmentOf(settings), log), errors);
            var said = errors.ToString().Trim();
            Assert.That(said, Does.StartWith("Wrong configuration: ").And.Not.Contain("\n"));
            Assert.That(code, Is.EqualTo(1));
            return said;
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static Dictionary<string, string?> EnvironmentOf((string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string?> { ["AUTH_AUTHORITY"] = null, ["AUTH_AUDIENCE"] = null };
        foreach (var (name, value) in settings) environment[name] = value;
        return environment;
    }
}
