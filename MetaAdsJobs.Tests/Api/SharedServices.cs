using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>Two services that all fixtures of this folder share; each test brings accounts of its own.</summary>
[SetUpFixture]
public sealed class SharedServices
{
    private static readonly Lazy<Task<Service>> Quiet = new(() => Service.StartAsync(workers: 0));
    private static readonly Lazy<Task<Service>> Working = new(() => Service.StartAsync(workers: 1));

    /// <summary>Nothing runs here but the API: what is queued stays queued, and every row written is a request's.</summary>
    public static Task<Service> WithoutWorker => Quiet.Value;

    public static Task<Service> WithWorker => Working.Value;

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        foreach (var service in (Lazy<Task<Service>>[])[Quiet, Working])
            if (service.IsValueCreated) await (await service.Value).DisposeAsync();
    }
}
