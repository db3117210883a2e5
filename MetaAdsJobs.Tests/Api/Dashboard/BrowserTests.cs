using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Dashboard;

/// <summary>A fixture whose tests visit pages: in the browser of all, at a service of its own unless a shared one is enough.</summary>
/// <param name="own">Starts the fixture's own service, for what counts, clears or breaks what is there.</param>
/// <param name="shared">Belongs to all fixtures that use it: no test may break it or count what is in it.</param>
public abstract class BrowserTests(Func<Task<Service>>? own = null, Func<Task<Service>>? shared = null)
{
    private protected Service _service = null!;
    private protected Chromium _chromium = null!;
    private protected ApiClient _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await (shared ?? own ?? (() => Service.StartAsync()))();
        _chromium = await Chromium.StartAsync();
        _api = _service.Client();
    }

    [TearDown]
    public Task LeaveAsync() => _chromium.LeaveAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _api.Dispose();
        await _chromium.DisposeAsync();
        if (shared is null) await _service.DisposeAsync();
    }
}
