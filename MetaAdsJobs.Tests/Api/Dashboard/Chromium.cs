using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;

namespace MetaAdsJobs.Tests.Api.Dashboard;

/// <summary>
/// A real browser, headless, one for all fixtures: each has its own people in it. Playwright only drives it: the browser is the
/// machine's own, never a download.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    // A busy machine shares its cores among services and browsers: what has not come yet may still come.
    private const int PatienceMilliseconds = 120_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        // People share processes, and none is started in advance: starting them takes longer than the pages do.
        "--renderer-process-limit=1", "--disable-extensions", "--disable-features=SpareRendererForSitePerProcess,IsolateOrigins,site-per-process,Translate,OptimizationHints,MediaRouter",
    ];

    // The headless shell first: it needs a third of a whole browser's time.
    private static readonly string[] Usual = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

    private static readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> Shared = new(LaunchAsync);
    private readonly Dictionary<string, IBrowserContext> _signedIn = [];
    private readonly List<IBrowserContext> _strangers = [];
    private readonly IBrowser _browser;

    private Chromium(IBrowser browser) => _browser = browser;

    public static async Task<Chromium> StartAsync() => new((await Shared.Value).Browser);

    /// <summary>Ends the browser that all share.</summary>
    public static async Task EndAsync()
    {
        if (!Shared.IsValueCreated) return;
        var (playwright, browser) = await Shared.Value;
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> LaunchAsync()
    {
        var path = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given ? given : Usual.FirstOrDefault(File.Exists, Usual[^1]);
        Assert.That(path, Does.Exist, "the browser tests need Chromium (apt-get install chromium), or CHROMIUM with its path");
        Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments, Timeout = PatienceMilliseconds }));
    }

    /// <summary>A person at a browser of their own, without a cookie so far.</summary>
    public Task<IPage> VisitAsync(Service service) => VisitAsync(service.BaseUrl);

    /// <inheritdoc cref="VisitAsync(Service)"/>
    public async Task<IPage> VisitAsync(Uri address)
    {
        var context = await NewPersonAsync(address);
        _strangers.Add(context);
        return await context.NewPageAsync();
    }

    /// <summary>A person who has signed in and is at this page, in each of a fixture's tests the same of that role: a browser's start takes longer than the page.</summary>
    public async Task<IPage> SignInAsync(Service service, string role, string path = "/hangfire")
    {
        var isSignedIn = _signedIn.TryGetValue(role, out var context);
        context ??= _signedIn[role] = await NewPersonAsync(service.BaseUrl);
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        if (isSignedIn) return page;

        await page.EnterTokenAsync(Service.Token(role));
        await Assertions.Expect(page).ToHaveURLAsync(new Uri(service.BaseUrl, path).ToString());
        return page;
    }

    /// <summary>Between two tests: pages are closed, for an open one goes on asking the service.</summary>
    public async Task LeaveAsync()
    {
        foreach (var page in _signedIn.Values.SelectMany(person => person.Pages).ToList()) await page.CloseAsync();
        foreach (var person in _strangers) await person.CloseAsync();
        _strangers.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        foreach (var person in _signedIn.Values) await person.CloseAsync();
    }

    private async Task<IBrowserContext> NewPersonAsync(Uri address)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            // A test's own proxy has a certificate of its own.
            IgnoreHTTPSErrors = address.Scheme == Uri.UriSchemeHttps,
            ViewportSize = new() { Width = 1280, Height = 900 },
        });
        context.SetDefaultTimeout(PatienceMilliseconds);
        return context;
    }
}

internal static class Pages
{
    public const string SessionCookie = "metaadsjobs_session";

    public static async Task EnterTokenAsync(this IPage page, string token)
    {
        await page.GetByLabel("Token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Sign in|Iniciar sesión)$") }).ClickAsync();
    }

    public static async Task<BrowserContextCookiesResult?> SessionAsync(this IPage page) =>
        (await page.Context.CookiesAsync()).FirstOrDefault(cookie => cookie.Name == SessionCookie);
}
