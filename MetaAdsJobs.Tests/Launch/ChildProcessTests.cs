using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
public sealed class ChildProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private string _folder = "";
    private string Log => Path.Combine(_folder, "child.log");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("metaadsjobs-child-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_child_told_to_stop_may_finish_its_work()
    {
        await using var child = ChildProcess.Start(Shell("trap 'echo finished; exit 3' TERM; echo up; while :; do sleep 0.05; done"), Log);
        await UntilAsync(() => LogText().Contains("up", StringComparison.Ordinal));

        await child.StopAsync(Patience, TimeProvider.System);

        Assert.That((await child.Exited, LogText()), Is.EqualTo((3, "up\nfinished\n")));
    }

    [Test]
    public async Task A_child_that_does_not_stop_in_time_is_killed()
    {
        await using var child = ChildProcess.Start(Shell("trap '' TERM; echo up; while :; do sleep 0.05; done"), Log);
        await UntilAsync(() => LogText().Contains("up", StringComparison.Ordinal));

        await child.StopAsync(TimeSpan.FromMilliseconds(300), TimeProvider.System);

        Assert.That(await child.Exited, Is.EqualTo(128 + 9));
    }

    [Test]
    public async Task The_id_is_the_programs_own_and_its_guard_ends_with_it()
    {
        await using var child = ChildProcess.Start(Shell("echo $$; exec sleep 1000"), Log);
        await UntilAsync(() => LogText().EndsWith('\n'));
        Assert.That(LogText().Trim(), Is.EqualTo($"{child.Id}"));

        child.Kill();
        await child.Exited;

        await RunningProcesses.UntilNoneMentionsAsync(_folder);
    }

    [Test]
    public async Task A_program_that_dies_is_started_again()
    {
        var said = new ConcurrentQueue<string>();
        await using (var supervisor = new Supervisor(_folder, said.Enqueue, TimeProvider.System))
        {
            supervisor.Keep("child", Shell("echo $$; exec sleep 1000"));
            await UntilAsync(() => Ids().Length == 1);

            Process.GetProcessById(int.Parse(Ids()[0], CultureInfo.InvariantCulture)).Kill();

            await UntilAsync(() => Ids().Length == 2);
        }

        Assert.That(said.Single(), Does.StartWith("child ended with code 137"));
        await RunningProcesses.UntilNoneMentionsAsync(_folder);

        string[] Ids() => LogText().Split('\n')[..^1];
    }

    [Test]
    public async Task A_program_that_never_settles_is_told_with_its_last_words()
    {
        var said = new ConcurrentQueue<string>();
        await using var supervisor = new Supervisor(_folder, said.Enqueue, TimeProvider.System);

        supervisor.Keep("child", Shell("""echo '{"@t":"now"}'; echo 'META_APP_ID is missing'; exit 1"""));

        Assert.That(await supervisor.Hopeless.WaitAsync(Patience), Does.StartWith("child ended with code 1: META_APP_ID is missing"));
    }

    private ChildProgram Shell(string script) => new(["sh", "-c", script], _folder, new Dictionary<string, string?>());

    private string LogText() => File.Exists(Log) ? File.ReadAllText(Log) : "";

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }
}
