using System.Runtime.InteropServices;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Tokens;

const string Usage = "usage: ./run [--world] [--demo]   or   ./run token --role admin|manager|viewer [--days N]   or   ./run user|key …";

using var stopping = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

try
{
    var options = LaunchOptions.Read(Environment.GetEnvironmentVariable);
    switch (args)
    {
        case ["token", .. var rest]:
            return TokenCommand.Execute(rest, options.DataFolder, TimeProvider.System, Console.Out, Console.Error);
        case ["user" or "key", ..]:
            return await PeopleCommand.ExecuteAsync(args, options, Console.Out, Console.Error, stopping.Token);
        case [] or ["--demo"] or ["--world"] or ["--world", "--demo"] or ["--demo", "--world"]:
            return await new RunCommand(options, Console.WriteLine, TimeProvider.System).ExecuteAsync(demoOnly: args.Contains("--demo"), withWorld: args.Contains("--world"), stopping.Token);
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (LaunchException refused)
{
    Console.Error.WriteLine(refused.Message);
    return 1;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped before it was done.");
    return 1;
}

// Cancels instead of ending the process here: what was started is stopped in order, the database last.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}
