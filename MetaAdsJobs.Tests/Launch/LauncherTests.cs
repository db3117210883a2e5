using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
public sealed partial class LauncherTests
{
    [Test]
    public async Task A_busy_port_gets_one_line_before_anything_starts()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;
        await using var launcher = Launcher.Start(["--demo"], ("PORT", $"{port}"));

        var exitCode = await launcher.EndAsync();

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(OnlyLineOf(launcher), Does.StartWith($"Port {port} is in use"));
            Assert.That(launcher.Output, Is.Empty);
            Assert.That(Directory.Exists(launcher.DataFolder), Is.False);
        });
    }

    [TestCase("postgresql://ann:s3cret@127.0.0.1:1/ads")]
    [TestCase("postgresql://ann:s3cret@127.0.0.1:port/ads")]
    [TestCase("mysql://ann:s3cret@127.0.0.1/ads")]
    [TestCase("Host=127.0.0.1;Port=1;Database=ads;Username=ann;Password=s3cret")]
    public async Task An_unusable_database_gets_one_line_that_names_the_key_and_hides_the_password(string url)
    {
        await using var launcher = Launcher.Start(["--demo"], ("DATABASE_URL", url));

        var exitCode = await launcher.EndAsync();

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(OnlyLineOf(launcher), Does.StartWith("DATABASE_URL"));
            Assert.That(launcher.Errors + launcher.Output, Does.Not.Contain("s3cret"));
        });
    }

    [Test]
    public async Task A_wrong_password_is_told_without_showing_it()
    {
        var postgres = await TestCluster.Postgres;
        await using var launcher = Launcher.Start(["--demo"], ("DATABASE_URL", $"postgresql://metaadsjobs:s3cret@127.0.0.1:{postgres.Port}/postgres"));

        var exitCode = await launcher.EndAsync();

        Assert.That((exitCode, OnlyLineOf(launcher)), Is.EqualTo((1, "DATABASE_URL: cannot connect: 28P01: password authentication failed for user \"metaadsjobs\"")));
        Assert.That(launcher.Output, Does.Not.Contain("s3cret"));
    }

    [TestCase("PORT", "eighty")]
    [TestCase("PORT", "70000")]
    [TestCase("WORKERS", "0")]
    [TestCase("META_ADS_MODE", "production")]
    [TestCase("AUTH_AUTHORITY", "https://issuer.example.com")]
    public async Task A_wrong_setting_is_named(string key, string value)
    {
        await using var launcher = Launcher.Start([], (key, value));

        var exitCode = await launcher.EndAsync();

        Assert.That((exitCode, OnlyLineOf(launcher)[..key.Length]), Is.EqualTo((1, key)));
    }

    [Test]
    public async Task Live_mode_does_not_start_on_a_key_of_its_own_making()
    {
        await using var launcher = Launcher.Start([], ("META_ADS_MODE", "live"));

        var exitCode = await launcher.EndAsync();

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(OnlyLineOf(launcher), Does.Contain("AUTH_SIGNING_KEY").And.Contain("AUTH_AUTHORITY"));
    }

    [Test]
    public async Task In_live_mode_no_token_is_printed_and_what_is_kept_is_its_owners_only()
    {
        await using var launcher = Launcher.Start([], ("META_ADS_MODE", "live"), ("AUTH_SIGNING_KEY", Service.SigningKey));
        await launcher.UntilItSaysAsync("Serving until Ctrl-C.");

        Assert.That(launcher.Output, Does.Contain("Token     ./run token").And.Not.Contain("eyJ"), "every token begins so");
        Assert.That(launcher.Output, Does.Contain("Sign in   ./run user add").And.Not.Contain("secret="), "nor a link");
        if (OperatingSystem.IsWindows())
            return;
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        foreach (var entry in (string[])[launcher.DataFolder, .. Directory.EnumerateFileSystemEntries(launcher.DataFolder)])
            Assert.That(File.GetUnixFileMode(entry) & Others, Is.EqualTo(UnixFileMode.None), entry);
        Assert.That(Directory.Exists(Path.Combine(launcher.DataFolder, "postgres", "cluster")), "the database's user still gets to its folder");
        if (!Environment.IsPrivilegedProcess)
            Assert.That(File.GetUnixFileMode(launcher.DataFolder) & UnixFileMode.GroupExecute, Is.EqualTo(UnixFileMode.None), "nobody else has to");
    }

    [Test]
    public async Task In_stub_mode_a_link_is_printed_that_opens_the_console_once_and_nothing_outlives_a_launcher_that_is_killed()
    {
        await using var launcher = Launcher.Start([]);
        await launcher.UntilItSaysAsync("Serving until Ctrl-C.");
        await AssertOpensOnceAsync(launcher);
        var children = await RunningProcesses.ChildrenOfAsync(launcher.Id);
        Assert.That(children, Is.Not.Empty);

        launcher.Kill();

        foreach (var child in children)
            await RunningProcesses.UntilNoneMentionsAsync(child);
        await RunningProcesses.UntilNoneMentionsAsync(launcher.DataFolder);
    }

    [Test]
    public async Task Nothing_outlives_a_launcher_that_is_told_to_stop()
    {
        await using var launcher = Launcher.Start([]);
        await launcher.UntilItSaysAsync("API on");

        await launcher.StopAsync();

        await RunningProcesses.UntilNoneMentionsAsync(launcher.DataFolder);
        Assert.That(File.Exists(Path.Combine(launcher.DataFolder, "postgres", "cluster", "postmaster.pid")), Is.False, "it was shut down cleanly");
    }

    // Stub mode's first admin needs no token.
    private static async Task AssertOpensOnceAsync(Launcher launcher)
    {
        var links = SignInLink().Matches(launcher.Output);
        Assert.That(links, Has.Count.EqualTo(1), launcher.Output);
        var link = links[0].Groups[1].Value;
        using var visitor = await Visitor.ByLinkAsync(new Uri(new Uri(link), "/"), link);
        Assert.That((await visitor.GetAsync("/console/people")).Code, Is.EqualTo(200), "an admin");
        var again = await Visitor.TryLinkAsync(new Uri(new Uri(link), "/"), link);
        Assert.That((again.Code, again.Location), Is.Not.EqualTo((302, "/console")), "a second time");
    }

    private static string OnlyLineOf(Launcher launcher)
    {
        var lines = launcher.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.That(lines, Has.Length.EqualTo(1), launcher.Errors);
        return lines[0];
    }

    [GeneratedRegex("^Sign in   (http\\S+/signin/link\\?secret=\\S+)$", RegexOptions.Multiline)]
    private static partial Regex SignInLink();
}
