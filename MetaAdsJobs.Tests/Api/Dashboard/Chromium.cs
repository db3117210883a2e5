using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;

namespace MetaAdsJobs.Tests.Api.Dashboard;

/// <summary>A real browser, headless. Playwright only drives it: the browser is the machine's own, never a download.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Chromium> StartAsync()
    {
        var path = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given ? given : "/usr/bin/chromium";
        Assert.That(path, Does.Exist, "the browser tests need Chromium (apt-get install chromium), or CHROMIUM with its path");
        // Several browsers and services share two cores: what has not come yet may still come.
        Assertions.SetDefaultExpectTimeout(20_000);
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments }));
    }

    /// <summary>A person at a browser of their own, without a cookie so far.</summary>
    public async Task<IPage> VisitAsync(Service service)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = service.BaseUrl.ToString(),
            ViewportSize = new() { Width = 1280, Height = 900 },
        });
        context.SetDefaultTimeout(20_000);
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

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
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
