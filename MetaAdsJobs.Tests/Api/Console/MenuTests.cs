using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The menu above every page: one line at a desk, in both languages, for who sees all of it. With PICTURES it is kept in that folder, to be looked at.</summary>
[TestFixture]
public sealed class MenuTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    private const string Tops = "[...new Set([...document.querySelectorAll('.top nav > *')].map(one => one.offsetTop))].length";

    [Test]
    public async Task It_is_one_line_and_what_is_seldom_wanted_is_behind_more([Values("en", "es")] string language)
    {
        var page = await _chromium.SignInAsync(_service, "admin", "/console?lang=en");
        await page.GotoAsync($"/console?lang={language}");
        foreach (var width in (int[])[1440, 1280])
        {
            await page.SetViewportSizeAsync(width, 900);
            Assert.That(await page.EvaluateAsync<int>(Tops), Is.EqualTo(1), $"lines at {width}");
            await OpenedAsync(page, language, width);
        }

        await page.SetViewportSizeAsync(360, 900);
        await OpenedAsync(page, language, 360);
    }

    private static async Task OpenedAsync(IPage page, string language, int width)
    {
        var (more, jobs) = (page.Locator(".top summary"), page.Locator(".top a[href='/console/jobs']"));
        await Expect(jobs).ToBeHiddenAsync();
        await KeepAsync("menu");
        await more.ClickAsync();
        await Expect(jobs).ToBeInViewportAsync(new() { Ratio = 1 });
        Assert.That(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(width), "nothing is beside the page");
        await KeepAsync("more");
        await page.Locator("h1").ClickAsync();
        await Expect(jobs).ToBeHiddenAsync();
        await more.PressAsync("Enter");
        await Expect(jobs).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(jobs).ToBeHiddenAsync();

        async Task KeepAsync(string what)
        {
            if (Environment.GetEnvironmentVariable("PICTURES") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{what}-{language}-{width}.png") });
        }
    }
}
