using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about alerts and their rules.</summary>
[TestFixture]
public sealed class AlertPagesTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_manager_makes_a_rule_tries_it_switches_it_on_and_sees_what_it_found_and_why()
    {
        // Where it was today already five hours ago.
        var zone = TimeProvider.System.GetUtcNow().Hour < 11 ? "Asia/Tokyo" : "America/New_York";
        var account = await _api.AddAccountAsync(account => (account["name"], account["timezone_name"]) = ("Watched", zone));
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, first_at)
                SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, now() - interval '5 hours', gen_random_uuid(), false, 0, 0, 0, 0, now() - interval '5 hours' FROM social_accounts a, generate_series(1, 4) n WHERE a.id = @account::uuid;
                INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, spend, results, result_type, currency, first_at)
                SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, 'dear-one', 1, 0, 1000, 10, 100, 0, 'x', 'USD', now() FROM social_accounts a, generate_series(1, 4) n WHERE a.id = @account::uuid
                """, new { account });
        }

        var page = await _chromium.SignInAsync(_service, "manager", "/console/alerts/rules");
        await Expect(page.Locator("tbody tr").Filter(new() { HasText = "Spend without results > 0" })).ToContainTextAsync("built in");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a rule" }).ClickAsync();
        await page.Locator("#f-name").FillAsync("Dear campaigns");
        await page.Locator("#f-metric").SelectOptionAsync("cpc");
        await page.Locator("#f-account_ids").SelectOptionAsync(account);
        await page.Locator("#f-when").SelectOptionAsync("above");
        await page.Locator("#f-threshold").FillAsync("a lot");
        await page.Locator("#f-window_days").FillAsync("2");
        await page.Locator("#f-campaign_ids").FillAsync("dear-one, 79\n79");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("#f-threshold")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be a number such as 1.5"));

        await page.Locator("#f-threshold").FillAsync("7,5");
        await page.Locator("#f-days").FillAsync("3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Expect(page.GetByText("Alerts: 1, messages: 1")).ToBeVisibleAsync();
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync("dear-one");
        await page.Locator("#f-enabled").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The rule was added.");

        var rule = Guid.Parse(new Uri(page.Url).AbsolutePath.Split('/')[^1]);
        await using (var core = InProcess.Configure(_service.Database.ConnectionString, time: null))
            await core.GetRequiredService<EvaluateAlerts>().EvaluateAsync(rule, null, CancellationToken.None);
        await page.ReloadAsync();
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync("dear-one");
        await Expect(page.Locator("tbody tr").Last).ToContainTextAsync("Told: alert.opened");

        await page.GotoAsync($"/console/alerts?account={account}");
        await page.Locator("tbody").GetByRole(AriaRole.Link, new() { Name = "Dear campaigns" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToContainTextAsync(["dear-one"]);
        await Expect(page.Locator("dl.facts")).ToContainTextAsync("5 h");
        await page.GetByRole(AriaRole.Button, new() { Name = "I am at it" }).ClickAsync();
        await Expect(page.Locator("dl.facts")).ToContainTextAsync("manager@tests");
        await page.FitsAsync("/console/alerts", new Uri(page.Url).AbsolutePath, "/console/alerts/rules", $"/console/alerts/rules/{rule}", $"/console/alerts/rules/{rule}/edit");

        await page.GotoAsync($"/console/alerts/rules/{rule}?lang=es");
        await Expect(page.Locator("dl.facts")).ToContainTextAsync("CPC > 7,5 · últimos días: 2");
        await Expect(page.Locator("dl.facts div").Filter(new() { HasText = "Campañas" })).ToContainTextAsync("dear-one, 79");
        await page.GotoAsync($"/console/alerts/rules/{rule}/edit?lang=es");
        await Expect(page.Locator("#f-campaign_ids")).ToHaveValueAsync("dear-one\n79");
        await Expect(page.Locator("#f-campaign_ids")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("uno por línea"));
        await page.Locator("#f-campaign_ids").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Guardar" }).ClickAsync();
        await Expect(page.Locator("dl.facts")).Not.ToContainTextAsync("Campañas");
        await page.GetByRole(AriaRole.Button, new() { Name = "Desactivar" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("lo que tenía abierto ha terminado");
        await page.GotoAsync($"/console/alerts/rules/{rule}?lang=en");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The rule was removed.");
    }

    /// <summary>Whoever muted it knows of his own: whoever has the others mutes it, too.</summary>
    [Test]
    public async Task What_is_muted_for_some_of_its_accounts_says_so_and_can_be_muted_for_the_others()
    {
        var (alert, accounts) = (Guid.CreateVersion7(), new[] { Guid.Parse(await _api.AddAccountAsync()), Guid.Parse(await _api.AddAccountAsync()) });
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, opened_at, messages, muted_by, muted_at, muted_accounts) VALUES (@alert, @alert, 'Of two', 'spend', 'campaign', 'info', now(), 1, 'ann', now(), ARRAY[@first::uuid]);
                INSERT INTO alert_members (episode_id, social_account_id, object, fired_at, has_data, times, told_in) SELECT @alert, account, 'one', now(), true, 1, 1 FROM unnest(@accounts) account
                """, new { alert, accounts, first = accounts[0] });
        }

        using var manager = _service.Client("manager");
        Assert.That(await manager.Http.GetStringAsync($"/console/alerts/{alert}"), Does.Contain("for some of its accounts").And.Contain($"/console/alerts/{alert}/mute"));
        Assert.That((await manager.GetAsync($"/meta/alerts/{alert}")).Json["alert"]!["muted_accounts"]!.AsArray().Select(account => (Guid)account!), Is.EqualTo([accounts[0]]));
        Assert.That((await manager.PostAsync($"/meta/alerts/{alert}/mute")).Code, Is.EqualTo(200));
        Assert.That(await manager.Http.GetStringAsync($"/console/alerts/{alert}"), Does.Contain("Muted by").And.Not.Contain("for some of its accounts").And.Not.Contain($"/console/alerts/{alert}/mute"));
    }

    [Test]
    public async Task A_viewer_sees_all_of_it_and_changes_nothing()
    {
        using var viewer = _service.Client("viewer");
        var rule = (string)(await viewer.GetAsync("/meta/alerts/rules")).Json["items"]![0]!["id"]!;
        Assert.That(await viewer.Http.GetStringAsync("/console/alerts/rules"), Does.Not.Contain("/console/alerts/rules/new"));
        Assert.That(await viewer.Http.GetStringAsync($"/console/alerts/rules/{rule}"), Does.Contain("Run failed").Or.Contain("Ad rejected").And.Not.Contain("<form"));
        using var refused = await viewer.Http.GetAsync($"/console/alerts/rules/{rule}/edit");
        Assert.That((int)refused.StatusCode, Is.EqualTo(403));
    }
}
