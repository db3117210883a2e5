using System.Globalization;
using MetaAdsJobs.Bench;
using MetaAdsJobs.Bench.Measurements;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Launch;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is [EmptyWorker.Argument, var threads]) return await EmptyWorker.RunAsync(int.Parse(threads, CultureInfo.InvariantCulture));
if (args is [GraphProcess.Argument, var addresses, .. var latencies]) return await GraphProcess.RunAsync(addresses, latencies);
if (args is [SyncProcess.Argument, var syncId, var resultFile]) return await SyncProcess.RunAsync(Guid.Parse(syncId), resultFile);

IMeasurement[] measurements = [new Throughput(), new Accepting(), new Commits(), new Pickup(), new TakeOver(), new BatchRows(), new AlertRules(), new Insights(), new ConsolePages(), new MillionJobs(), new Peer()];
if (BenchOptions.Read(args, [.. measurements.Select(measurement => measurement.Name)]) is not { } options)
{
    Console.Error.WriteLine($"usage: bench/run [--only {string.Join('|', measurements.Select(measurement => measurement.Name))}] [--count N] [--seconds S] [--rows R] [--page X] [--jobs N] [--runs N]");
    return 2;
}

using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};
try
{
    await using var cluster = await BenchCluster.StartAsync(Console.WriteLine, stopping.Token);
    var results = new List<Result>();
    foreach (var measurement in measurements.Where(measurement => options.Only.Count == 0 ? !measurement.OnlyWhenNamed : options.Only.Contains(measurement.Name)))
    {
        Console.WriteLine($"{measurement.Name} …");
        results.AddRange(await measurement.RunAsync(cluster, options, stopping.Token));
    }

    ResultTable.Write(results, Console.Out);
    return 0;
}
catch (Exception failed) when (failed is LaunchException or BenchException)
{
    Console.Error.WriteLine(failed.Message);
    return 1;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return 1;
}
