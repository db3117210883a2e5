using System.Diagnostics;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Postgres;
using Npgsql;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
public sealed class PrivatePostgresTests
{
    private string _folder = "";

    [SetUp]
    public void ChooseFolder() => _folder = Path.Combine(Path.GetTempPath(), $"metaadsjobs-cluster-{Guid.NewGuid():N}");

    [TearDown]
    public void DeleteFolder()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task A_second_start_keeps_the_data()
    {
        await using (var first = await StartAsync())
            await RunAsync(first, "CREATE TABLE kept AS SELECT 42 AS answer");

        await using var second = await StartAsync();

        Assert.That(await AskAsync(second, "SELECT answer FROM kept"), Is.EqualTo(42));
    }

    [Test]
    public async Task A_crash_loses_nothing_that_was_committed()
    {
        await using var postgres = await StartAsync();
        await RunAsync(postgres, "CREATE TABLE kept AS SELECT 42 AS answer");

        await postgres.CrashAsync();
        await postgres.RestartAsync(CancellationToken.None);

        Assert.That(await AskAsync(postgres, "SELECT answer FROM kept"), Is.EqualTo(42));
    }

    [Test]
    public async Task A_restart_stays_on_its_port()
    {
        await using var postgres = await StartAsync();
        var port = postgres.Port;

        await postgres.RestartAsync(CancellationToken.None);

        Assert.That(await AskAsync(postgres, "SHOW port"), Is.EqualTo($"{port}"));
    }

    [Test]
    public async Task Fsync_stays_on_and_only_this_machine_may_connect_with_a_password()
    {
        await using var postgres = await StartAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await AskAsync(postgres, "SHOW fsync"), Is.EqualTo("on"));
            Assert.That(await AskAsync(postgres, "SHOW listen_addresses"), Is.EqualTo("127.0.0.1"));
            Assert.That(await AskAsync(postgres, "SHOW server_encoding"), Is.EqualTo("UTF8"));
            Assert.That(await AskAsync(postgres, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"), Is.EqualTo(0));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(Path.Combine(_folder, "password")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        });
    }

    [Test]
    public async Task Root_hands_the_server_to_another_user()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Ignore("Only root has something to hand over.");
        await using var postgres = await StartAsync();

        var server = await RunningProcesses.MentioningAsync(_folder);

        Assert.That(server, Is.Not.Empty.And.None.Contains(" root "));
    }

    [Test]
    public async Task A_folder_is_used_by_one_owner_at_a_time()
    {
        await using var first = await StartAsync();

        var refused = await Assert.ThrowsAsync<LaunchException>(StartAsync);

        Assert.That(refused!.Message, Does.Contain(_folder).And.Not.Contain("\n"));
    }

    [Test]
    public async Task A_process_id_left_behind_that_another_program_has_by_now_is_no_hindrance()
    {
        await (await StartAsync()).DisposeAsync();
        var user = await ServerUser.ForAsync(_folder, CancellationToken.None);
        using var stranger = Process.Start(user.Start(_folder, "sleep", "1000"))!;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, "cluster", "postmaster.pid"), $"{stranger.Id}\n");

            await using var second = await StartAsync();

            Assert.That(await AskAsync(second, "SELECT 42"), Is.EqualTo(42));
            Assert.That(stranger.HasExited, Is.False);
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Test]
    public async Task A_server_left_running_on_the_folder_is_stopped_first()
    {
        await (await StartAsync()).DisposeAsync();
        var user = await ServerUser.ForAsync(_folder, CancellationToken.None);
        var binaries = await PostgresBinaries.FindAsync(null, _ => { }, CancellationToken.None);
        var settings = $"-p {Launcher.FreePort()} -c unix_socket_directories=";
        var log = Path.Combine(_folder, "server.log");
        var orphan = await Command.RunAsync(
            user.Start(_folder, binaries["pg_ctl"], "start", "-w", "-D", Path.Combine(_folder, "cluster"), "-l", log, "-o", settings), CancellationToken.None);
        Assert.That(orphan.Succeeded, orphan.Errors);

        await using var second = await StartAsync();

        Assert.That(await AskAsync(second, "SHOW port"), Is.EqualTo($"{second.Port}"));
    }

    [Test]
    public async Task A_temporary_cluster_leaves_nothing_behind()
    {
        var postgres = await TestCluster.StartOwnAsync();
        var folder = postgres.DataFolder;
        Assert.That(await RunningProcesses.MentioningAsync(folder), Is.Not.Empty);

        await postgres.DisposeAsync();

        Assert.That(Directory.Exists(folder), Is.False);
        await RunningProcesses.UntilNoneMentionsAsync(folder);
    }

    private Task<PrivatePostgres> StartAsync() =>
        PrivatePostgres.StartAsync(new PrivatePostgresOptions { DataFolder = _folder }, CancellationToken.None);

    private static async Task RunAsync(PrivatePostgres postgres, string sql)
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString("postgres"));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> AskAsync(PrivatePostgres postgres, string sql)
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString("postgres"));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
