using System.Diagnostics.Metrics;
using MetaAdsJobs.Core.Jobs.Watching;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Telemetry;

// It hears every service that begins to measure in this process.
[TestFixture, NonParallelizable]
public sealed class ServiceMetricsTests
{
    [Test]
    public async Task While_the_database_is_away_that_is_told_and_no_old_number()
    {
        await using var core = await InProcess.CreateAsync();
        await using var away = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody");
        using var metrics = new ServiceMetrics(new(away, TimeProvider.System), core.Get<QueueReader>(), new(away, TimeProvider.System), TimeProvider.System);
        var told = new Dictionary<string, double>();
        var isOurs = false;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, asked) =>
            {
                // Other services of this process had theirs before.
                if (isOurs && instrument.Meter.Name == ServiceMetrics.MeterName) asked.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.Start();
        isOurs = true;
        await metrics.StartAsync(CancellationToken.None);

        listener.RecordObservableInstruments();

        Assert.That(told, Is.EqualTo(new Dictionary<string, double> { ["metaadsjobs.database.up"] = 0 }));
    }
}
