using System.Collections.Concurrent;
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
    ];

    private static readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> Shared = new(LaunchAsync);
    private readonly ConcurrentBag<IBrowserContext> _people = [];
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
        var path = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given ? given : "/usr/bin/chromium";
        Assert.That(path, Does.Exist, "the browser tests need Chromium (apt-get install chromium), or CHROMIUM with its path");
        Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments, Timeout = PatienceMilliseconds }));
    }

    /// <summary>A person at a browser of their own, without a cookie so far.</summary>
    public async Task<IPage> VisitAsync(Service service)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = service.BaseUrl.ToString(),
            ViewportSize = new() { Width = 1280, Height = 900 },
        });
        context.SetDefaultTimeout(PatienceMilliseconds);
        _people.Add(context);
        return await context.NewPageAsync();
    }

    /// <summary>A person who has signed in and is looking at the dashboard.</summary>
    public async Task<IPage> SignInAsync(Service service, string role)
    {
        var page = await VisitAsync(service);
        await page.GotoAsync("/hangfire");
        await page.EnterTokenAsync(Service.Token(role));
        return page;
    }

    /// <summary>Everybody leaves: an open page goes on asking the service.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_people.TryTake(out var person)) await person.CloseAsync();
    }
}

internal static class Pages
{
    public const string SessionCookie = "metaadsjobs_session";

    public static async Task EnterTokenAsync(this IPage page, string token)
    {
        await page.GetByLabel("Token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    public static async Task<BrowserContextCookiesResult?> SessionAsync(this IPage page) =>
        (await page.Context.CookiesAsync()).FirstOrDefault(cookie => cookie.Name == SessionCookie);
}
