using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>
/// The whole way of a campaign in the browser, and the pictures of the README. With PICTURES each step of the way is kept in that folder, at the width
/// of a telephone and of a desk, to be looked at.
/// </summary>
[TestFixture]
public sealed class PicturesTests() : BrowserTests(shared: () => SharedServices.WithWorker)
{
    private static readonly string? Kept = Environment.GetEnvironmentVariable("PICTURES");

    [Test, Long]
    public async Task A_tree_is_built_watched_published_and_raised_and_its_drift_seen([Values("en", "es")] string language)
    {
        var request = await _api.NewRequestAsync();
        var name = $"Way {language}";
        var page = await _chromium.SignInAsync(_service, "manager", "/console/new?lang=en");
        await page.GetByLabel("Account").SelectOptionAsync((string)request["social_account_id"]!);
        await page.GetByLabel("Clip").SelectOptionAsync((string)request["clip_id"]!);
        await page.GetByLabel("Campaign name").FillAsync(name);
        await page.GetByLabel("Where it leads").FillAsync("https://example.com/sale");
        await page.GetByLabel("Title").FillAsync("Amazing product");
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_TRAFFIC|LINK_CLICKS");
        await page.GetByLabel("Daily budget").FillAsync("12.34");
        foreach (var button in (string[])["Add ad set", "Add ad · Ad set 1", "Add ad · Ad set 1", "Add ad · Ad set 2"])
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        // What is filled in stays: a form is not asked for anew, but sent, and comes back in the language.
        await SpeakAsync(page, language);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add ad · Ad set 2", Exact = true }).ClickAsync();
        var create = page.GetByRole(AriaRole.Button, new() { Name = language == "en" ? "Create the ads" : "Crear los anuncios" });
        await Expect(create).ToBeVisibleAsync();
        await PhotographAsync(page, language, "1-form");
        await SpeakAsync(page, "en");
        await create.ClickAsync();
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("succeeded");
        await KeepAsync(page, language, "2-run");
        var run = Guid.Parse(page.Url.Split('/')[^1].Split('?')[0]);
        var (campaign, adSet) = await QueryAsync<(string, string)>("SELECT c.meta_id, s.meta_id FROM meta_campaigns c JOIN meta_adsets s ON s.request_id = c.request_id WHERE c.request_id = @run ORDER BY s.id LIMIT 1", new { run });

        await page.GotoAsync($"/console/campaigns/{campaign}?lang=en");
        await page.Locator("tr.of-campaign").GetByRole(AriaRole.Link, new() { Name = "Publish…" }).ClickAsync();
        await Expect(page.Locator(".changes li")).ToHaveCountAsync(9);
        await KeepAsync(page, language, "3-publish");
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("active");
        await KeepAsync(page, language, "4-active");

        await page.GotoAsync($"/console/campaigns/{campaign}/change/{adSet}?lang=en");
        await page.GetByLabel("Daily budget").FillAsync("20");
        await SpeakAsync(page, language);
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Expect(page.Locator(".changes li")).ToHaveTextAsync(language == "en" ? "Daily budget: 12.34 USD → 20.00 USD" : "Presupuesto diario: 12,34 USD → 20,00 USD");
        await PhotographAsync(page, language, "5-raise");
        await SpeakAsync(page, "en");
        await page.GetByRole(AriaRole.Button, new() { Name = language == "en" ? "Change it" : "Cambiar así" }).ClickAsync();
        await Expect(page.Locator("tr.of-adset").First).ToContainTextAsync("20.00 USD a day");

        await ExecuteAsync(_service.GraphDatabase, """UPDATE stub_graph.objects SET fields = fields || '{"daily_budget":"7000"}' WHERE id = @adSet""", new { adSet });
        await ExecuteAsync(_service.Database, "UPDATE activations SET busy_until = NULL WHERE request_id = @run; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '10 minutes' WHERE request_id = @run; UPDATE meta_campaigns SET compare_at = now() WHERE request_id = @run", new { run });
        await Expect(page.GetByText("Changed in Ads Manager").First).ToBeVisibleAsync();
        await page.GotoAsync($"/console/campaigns/{campaign}?lang={language}");
        await Expect(page.Locator("main")).ToContainTextAsync(language == "en" ? "Daily budget: 20.00 USD → 70.00 USD" : "Presupuesto diario: 20,00 USD → 70,00 USD");
        await KeepAsync(page, language, "6-drift");
        await page.GotoAsync("/console?lang=en");
    }

    /// <summary>Of the demo world, into docs/pictures.</summary>
    [Test, Long]
    public async Task The_pictures_of_the_README_show_the_demo_world()
    {
        await using var launcher = Launcher.Start(["--world"]);
        await launcher.UntilItSaysAsync("Token ");
        var (address, token) = (Regex.Match(launcher.Output, @"http://[0-9.:]+/").Value, Regex.Match(launcher.Output, @"Token +(\S+)").Groups[1].Value);
        var page = await _chromium.VisitAsync(new Uri(address));
        await page.SetViewportSizeAsync(1280, 800);
        await page.GotoAsync("/console");
        await page.EnterTokenAsync(token);
        var folder = Directory.CreateDirectory(Path.GetFullPath(Path.Combine(TestContext.CurrentContext.TestDirectory, "..", "..", "..", "..", "docs", "pictures"))).FullName;
        foreach (var (file, path) in ((string, string)[])[("overview", "/console"), ("campaigns", "/console/campaigns"), ("numbers", "/console/numbers")])
            await TakeAsync(file, path);
        await page.GotoAsync("/console/campaigns");
        await TakeAsync("campaign", (await page.Locator("main td a[href^='/console/campaigns/']").Nth(2).GetAttributeAsync("href"))!);

        async Task TakeAsync(string file, string path)
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main")).ToBeVisibleAsync();
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{file}.png") });
        }
    }

    private static async Task KeepAsync(IPage page, string language, string step)
    {
        if (language != "en") await page.GotoAsync($"{page.Url.Split('?')[0]}?lang={language}");
        await PhotographAsync(page, language, step);
        if (language != "en") await page.GotoAsync($"{page.Url.Split('?')[0]}?lang=en");
    }

    private static async Task SpeakAsync(IPage page, string language)
    {
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync($"/console?lang={language}");
        await other.CloseAsync();
    }

    private static async Task PhotographAsync(IPage page, string language, string step)
    {
        foreach (var width in (int[])[360, 1440])
        {
            await page.SetViewportSizeAsync(width, 900);
            if (Kept is not null) await page.ScreenshotAsync(new() { Path = Path.Combine(Kept, $"{step}-{language}-{width}.png"), FullPage = true });
        }
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql, object parameters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    private async Task<T> QueryAsync<T>(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<T>(sql, parameters);
    }
}
