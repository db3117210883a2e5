using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Dashboard;

/// <summary>A fixture whose tests visit pages: with a browser, and a service of its own unless another one is enough.</summary>
/// <param name="shared">Belongs to all fixtures that use it: no test may break it or count what is in it.</param>
public abstract class BrowserTests(int workers = 1, Func<Task<Service>>? shared = null)
{
    private protected Service _service = null!;
    private protected Chromium _chromium = null!;
    private protected ApiClient _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await (shared?.Invoke() ?? Service.StartAsync(workers));
        _chromium = await Chromium.StartAsync();
        _api = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _api.Dispose();
        await _chromium.DisposeAsync();
        if (shared is null) await _service.DisposeAsync();
    }
}
