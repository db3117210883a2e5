using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Launch;
using Microsoft.Extensions.Configuration;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>What of the Dockerfile and compose.yaml can break unseen where no container engine is.</summary>
[TestFixture]
public sealed partial class ContainerTests
{
    private static readonly string[] Projects = ["Core", "Console", "StubGraph", "Api", "Worker", "Launch"];

    // compose.yaml's own; the program does not read them.
    private static readonly string[] OfCompose = ["POSTGRES_PASSWORD", "PORT", "WORKERS"];

    private static readonly string[] Secrets = ["AUTH_SIGNING_KEY", "DATA_PROTECTION_KEY", "POSTGRES_PASSWORD", "META_APP_SECRET"];

    [Test]
    public void Every_file_the_Dockerfile_copies_is_there_and_let_in()
    {
        var copied = Copied();
        var letIn = Lines(".dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();

        Assert.That(copied, Is.Not.Empty);
        Assert.That(copied.Where(path => !Path.Exists(InCheckout(path))), Is.Empty, "are not there");
        Assert.That(copied.Where(path => !letIn.Any(open => path == open || path.StartsWith(open + "/", StringComparison.Ordinal))), Is.Empty, "are ignored");
        Assert.That(letIn.Where(open => !copied.Any(path => path == open || path.StartsWith(open + "/", StringComparison.Ordinal))), Is.Empty, "are let in for nothing");
    }

    [Test]
    public void What_restores_a_project_is_copied_before_the_restore()
    {
        var before = Copied(untilRestore: true);
        var wanted = Directory.EnumerateFiles(ProjectFolder.Path, "Directory.*").Select(file => Path.GetFileName(file)!)
            .Concat(Projects.SelectMany(project => (string[])[$"MetaAdsJobs.{project}/MetaAdsJobs.{project}.csproj", $"MetaAdsJobs.{project}/packages.lock.json"]));
        var references = Projects.SelectMany(project => ProjectReference().Matches(File.ReadAllText(InCheckout($"MetaAdsJobs.{project}/MetaAdsJobs.{project}.csproj"))))
            .Select(match => match.Groups[1].Value).Distinct();

        Assert.That(before, Is.SupersetOf(wanted));
        Assert.That(before, Is.SupersetOf(references), "a project refers to one that is not in the image's build");
    }

    // The SDK may want another package for a source file that the image's build has not copied yet.
    [Test]
    public async Task The_image_restores_as_locked_on_nothing_but_the_files_copied_before()
    {
        var folder = Directory.CreateTempSubdirectory("metaadsjobs-image-");
        try
        {
            foreach (var path in Copied(untilRestore: true))
            {
                var copy = new FileInfo(Path.Combine(folder.FullName, path));
                copy.Directory!.Create();
                File.Copy(InCheckout(path), copy.FullName);
            }

            var projects = RestoredProject().Matches(File.ReadAllText(InCheckout("Dockerfile"))).Select(match => match.Groups[1].Value).ToList();
            Assert.That(projects, Is.Not.Empty);
            foreach (var project in projects)
            {
                var restored = await Command.RunAsync("dotnet", ["restore", Path.Combine(folder.FullName, project), "--locked-mode", "--use-current-runtime"], CancellationToken.None);
                Assert.That(restored.ExitCode, Is.Zero, restored.Output);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void The_programs_carry_their_migrations()
    {
        var carried = typeof(Migrations).Assembly.GetManifestResourceNames();
        var files = Directory.EnumerateFiles(InCheckout("db/migrations"), "*.sql").Select(file => $"MetaAdsJobs.Core.migrations.{Path.GetFileName(file)}").ToList();

        Assert.That(files, Is.Not.Empty);
        Assert.That(carried, Is.SupersetOf(files));
    }

    [TestCase("compose.yaml", @"\$\{([A-Z_]+)")]
    [TestCase("compose.yaml", @"^ +([A-Z_]{3,}): (?!metaadsjobs$)")]
    [TestCase(".env.example", @"^([A-Za-z_]+)=")]
    [TestCase("docs/containers.md", @"\{ name: (?!ASPNETCORE_)([A-Z_]{3,}), value")]
    public void Every_variable_is_one_that_somebody_reads(string file, string pattern)
    {
        var named = Lines(file).SelectMany(line => Regex.Matches(line, pattern)).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Where(name => !OfCompose.Contains(name) && !IsKey(name)), Is.Empty);
    }

    [Test]
    public void The_example_holds_no_secret() =>
        Assert.That(Lines(".env.example").Where(line => Secrets.Contains(line.Split('=')[0])), Is.EquivalentTo(Secrets.Select(secret => secret + "=")));

    [TestCase("compose.yaml", @"target: worker.*?stop_grace_period: (\d+)s")]
    [TestCase("docs/containers.md", @"name: metaadsjobs-worker.*?terminationGracePeriodSeconds: (\d+)")]
    public void A_worker_is_given_longer_to_stop_than_it_takes(string file, string pattern)
    {
        var given = Regex.Match(File.ReadAllText(InCheckout(file)), pattern, RegexOptions.Singleline).Groups[1].Value;

        Assert.That(int.Parse(given, null), Is.GreaterThan(new JobOptions().StopTimeoutSeconds + 5));
    }

    [TestCase("HTTP/1.1 200 OK\r\n\r\n", ExpectedResult = 0)]
    [TestCase("HTTP/1.1 503 Service Unavailable\r\n\r\n200", ExpectedResult = 1)]
    [TestCase("", ExpectedResult = 1)]
    public async Task<int> The_health_check_succeeds_on_200_alone(string answer)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var check = Command.RunAsync("bash", [InCheckout("scripts/container-health"), "/health/ready", $"{((IPEndPoint)listener.LocalEndpoint).Port}"], patience.Token);
        using (var caller = await listener.AcceptTcpClientAsync(patience.Token))
        {
            using var asked = new StreamReader(caller.GetStream(), leaveOpen: true);
            Assert.That(await asked.ReadLineAsync(patience.Token), Is.EqualTo("GET /health/ready HTTP/1.0"));
            await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), patience.Token);
        }

        return (await check).ExitCode;
    }

    private static string InCheckout(string path) => Path.Combine(ProjectFolder.Path, path);

    private static string[] Lines(string file) => File.ReadAllLines(InCheckout(file));

    private static List<string> Copied(bool untilRestore = false) => [.. Lines("Dockerfile")
        .TakeWhile(line => !untilRestore || !line.StartsWith("RUN dotnet restore", StringComparison.Ordinal))
        .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal))
        .SelectMany(line => line.Split(' ')[1..^1])
        .Select(path => path.TrimEnd('/'))];

    private static bool IsKey(string name)
    {
        using var configuration = new ConfigurationManager();
        configuration[name] = "given";
        return configuration.AddSeedKeys().AsEnumerable().Any(pair => pair.Key.Contains(':') && pair.Value == "given");
    }

    [GeneratedRegex("dotnet restore (\\S+) --locked-mode")]
    private static partial Regex RestoredProject();

    [GeneratedRegex("""ProjectReference Include="\.\./([^"]+)""")]
    private static partial Regex ProjectReference();
}
