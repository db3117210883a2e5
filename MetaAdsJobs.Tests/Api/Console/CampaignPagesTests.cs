using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about campaigns, as people with each role use them.</summary>
[TestFixture]
public sealed class CampaignPagesTests() : BrowserTests(shared: () => SharedServices.WithWorker)
{
    [Test]
    public async Task A_campaign_is_published_its_budget_raised_and_paused_while_one_looks_on()
    {
        var (campaign, run) = await BuiltAsync("Bonfire <b>night</b>");
        var page = await _chromium.SignInAsync(_service, "manager", "/console/campaigns?search=bonf+night");
        await page.GetByRole(AriaRole.Link, new() { Name = "Bonfire <b>night</b>" }).ClickAsync();
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("paused");
        await page.EvaluateAsync("window.sameDocument = true");

        await RowOf(page, "Campaign").GetByRole(AriaRole.Link, new() { Name = "Publish…" }).ClickAsync();
        await Expect(page.Locator(".changes li")).ToHaveTextAsync([new Regex(": paused → active$"), new Regex(": paused → active$"), new Regex(": paused → active$")]);
        await Expect(page.GetByText("It may spend a day: 0.00 USD → 100.00 USD")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is being published.");
        await page.EvaluateAsync("window.sameDocument = true");
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("active");
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True, "told live");

        await RowOf(page, "ad set").GetByRole(AriaRole.Link, new() { Name = "Change…" }).ClickAsync();
        await page.GetByLabel("Daily budget").EvaluateAsync("input => input.type = 'text'");
        await page.GetByLabel("Daily budget").FillAsync("1.505");
        await page.GetByLabel("Ends").FillAsync("2020-01-01T10:00");
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Expect(page.GetByLabel("Daily budget")).ToHaveAccessibleDescriptionAsync(new Regex("must be an amount such as"));
        await Expect(page.GetByLabel("Ends")).ToHaveAccessibleDescriptionAsync(new Regex("must be in the future"));
        await page.GetByLabel("Daily budget").FillAsync("150");
        await page.GetByLabel("Ends").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Expect(page.Locator(".changes li")).ToHaveTextAsync("Daily budget: 100.00 USD → 150.00 USD");
        await Expect(page.GetByText("It may spend a day: 100.00 USD → 150.00 USD")).ToBeVisibleAsync();
        Assert.That(await EditsAsync(campaign), Is.EqualTo("publish succeeded"), "a preview changes nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync();
        await Expect(RowOf(page, "ad set")).ToContainTextAsync("150.00 USD a day");

        await RowOf(page, "ad").GetByRole(AriaRole.Link, new() { Name = "Change…" }).ClickAsync();
        var shows = page.GetByLabel("What it shows");
        await shows.FillAsync((await shows.InputValueAsync()).Replace("Amazing Product", "Quiet Product", StringComparison.Ordinal) + "}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("creative must be JSON");
        await shows.FillAsync((await shows.InputValueAsync())[..^1]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Expect(page.Locator(".changes .changes-of li")).ToHaveTextAsync("creative_title: Amazing Product → Quiet Product");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change it" }).ClickAsync();
        await Expect(page.Locator("table.history tbody tr").First.Locator(".status")).ToHaveTextAsync("succeeded");

        await RowOf(page, "Campaign").GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is being paused.");
        await Expect(page.Locator("table.history tbody tr").First.Locator(".status")).ToHaveTextAsync("succeeded");
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("paused");
        Assert.That(await EditsAsync(campaign), Is.EqualTo("publish succeeded, update succeeded, update succeeded, pause succeeded"));
        await Expect(page.Locator("table.history tbody tr")).ToContainTextAsync(["Pause", "Quiet Product", "Daily budget: 100.00 USD → 150.00 USD", "manager@tests", "The run that made it"]);
        await page.GetByRole(AriaRole.Link, new() { Name = "What was sent to Meta" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/console/runs/{run}#changes$"));
        await page.GetByRole(AriaRole.Link, new() { Name = "As it is now" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/console/campaigns/{campaign}$"));

        async Task<string> ChangeAsync(string level) => (await RowOf(page, level).GetByRole(AriaRole.Link, new() { Name = "Change…" }).GetAttributeAsync("href"))!;
        var (adSet, ad) = (await ChangeAsync("ad set"), await ChangeAsync("ad"));
        await page.FitsAsync("/console/campaigns", $"/console/campaigns/{campaign}", $"/console/campaigns/{campaign}/publish/{campaign}", $"/console/campaigns/{campaign}/change/{campaign}", adSet, ad);
        var viewer = await _chromium.SignInAsync(_service, "viewer", $"/console/campaigns/{campaign}?lang=es");
        await Expect(viewer.Locator("h1 .status")).ToHaveTextAsync("en pausa");
        await Expect(viewer.Locator("table.history")).ToContainTextAsync("Presupuesto diario: 100,00 USD → 150,00 USD");
        await Expect(viewer.Locator("table.history")).ToContainTextAsync("Estaba antes: en pausa");
        await viewer.FitsAsync($"/console/campaigns/{campaign}", "/console/campaigns?search=bonfire");
        foreach (var path in (string[])[$"/console/campaigns/{campaign}", "/console/campaigns?search=bonfire"])
        {
            await viewer.GotoAsync(path);
            await Expect(viewer.GetByText("Bonfire <b>night</b>").First).ToBeVisibleAsync();
            await Expect(viewer.Locator("form[method=post], a.button, input[type=checkbox]")).ToHaveCountAsync(0);
        }
    }

    [Test]
    public async Task Chosen_campaigns_are_published_after_a_page_said_what_they_may_spend_and_paused_at_a_press()
    {
        var (first, _) = await BuiltAsync("Lanterns one");
        await BuiltAsync("Lanterns two");
        var (third, _) = await BuiltAsync("Lanterns three");
        var page = await _chromium.SignInAsync(_service, "manager", "/console/campaigns?search=lanterns&status=paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish the chosen…" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("No campaign was chosen.");
        await page.GetByLabel("Choose all of this page").CheckAsync();
        await page.GetByLabel("Choose Lanterns two").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish the chosen…" }).ClickAsync();
        await Expect(page.GetByText("In all they may spend a day: 200.00 USD")).ToBeVisibleAsync();
        Assert.That(await EditsAsync(first), Is.Empty);

        // What has become dearer meanwhile is shown again before it is published.
        await ExecuteAsync("UPDATE meta_adsets SET daily_budget = 12000 WHERE request_id = (SELECT request_id FROM meta_campaigns WHERE meta_id = @first)", new { first });
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish all of these" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("It has changed since it was shown");
        await Expect(page.GetByText("In all they may spend a day: 220.00 USD")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish all of these" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Campaigns that are being published: 2.");
        await page.GotoAsync("/console/campaigns?search=lanterns");
        await Expect(page.Locator(".is-active")).ToHaveCountAsync(2);

        // What is ticked stays so while the list is made anew.
        await page.GetByLabel("Choose Lanterns three").CheckAsync();
        await ExecuteAsync("UPDATE activations SET daily_cents = 13000 WHERE request_id = (SELECT request_id FROM meta_campaigns WHERE meta_id = @third)", new { third });
        await BuiltAsync("Lanterns four");
        await Expect(page.GetByText("130.00 USD")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Choose Lanterns three")).ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause the chosen" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Campaigns that are being paused: 1.");
        await Expect(page.Locator(".is-active")).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Nothing_is_done_that_was_not_shown_and_what_waits_says_why_and_is_taken_back()
    {
        var (campaign, run) = await BuiltAsync("Held");
        var (publish, delete) = ($"/console/campaigns/{campaign}/publish/{campaign}", $"/console/campaigns/{campaign}/delete/{campaign}");
        foreach (var path in (string[])[publish, delete])
        {
            var (code, text, _) = await _api.SendFormAsync(path, ("seen", "what was never shown"));
            Assert.That((int)code, Is.EqualTo(200), path);
            Assert.That(text, Does.Contain("It has changed since it was shown"), path);
        }

        Assert.That((int)(await _api.SendFormAsync($"/console/campaigns/{campaign}/change/{campaign}")).Code, Is.EqualTo(422));
        Assert.That(await EditsAsync(campaign), Is.Empty);
        var account = (string)(await _api.RunAsync(run))["social_account_id"]!;
        await _api.PostAsync($"/meta/accounts/{account}/stop", new JsonObject { ["reason"] = "rain" });
        Assert.That(await _api.Http.GetStringAsync(publish), Does.Contain("The account is stopped: this waits until it is started again."));

        Assert.That((await _api.SendFormAsync(publish)).Location?.ToString(), Does.StartWith($"/console/campaigns/{campaign}?done="));
        await Eventually.TrueAsync(async () => await EditsAsync(campaign) == "publish waiting", _service.Progress, _service.Logs);
        var page = await _api.Http.GetStringAsync($"/console/campaigns/{campaign}");
        Assert.That(page, Does.Contain("stopped by admin@tests: rain"));
        var takeBack = Regex.Match(page, "/console/campaigns/edits/[^\"]+/cancel").Value;
        Assert.That((int)(await _api.SendFormAsync($"/console/campaigns/{campaign}", takeBack)).Code, Is.EqualTo(302));
        Assert.That(await EditsAsync(campaign), Is.EqualTo("publish cancelled"));
    }

    [Test]
    public async Task What_was_changed_in_Ads_Manager_is_shown_as_it_was_and_is()
    {
        var (campaign, run) = await BuiltAsync("Drift");
        await ExecuteAsync("""
            INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", found_at)
            SELECT c.social_account_id, c.request_id, 'adset', s.meta_id, f.name, f.was, f.becomes, now() FROM meta_campaigns c JOIN meta_adsets s ON s.request_id = c.request_id,
                (VALUES ('daily_budget', '10000', '70000'), ('status', 'ACTIVE', 'ARCHIVED')) AS f (name, was, becomes) WHERE c.request_id = @run
            """, new { run = Guid.Parse(run) });

        var page = Regex.Replace(System.Net.WebUtility.HtmlDecode(await _api.Http.GetStringAsync($"/console/campaigns/{campaign}")), @"\s+", " ");
        Assert.That(page, Does.Contain("Changed in Ads Manager").And.Contain("Daily budget: 100.00 USD → <b>700.00 USD</b>").And.Contain("State: active → <b>archived</b>"));
    }

    [Test]
    public async Task What_a_start_has_left_paused_says_why()
    {
        var (campaign, run) = await BuiltAsync("Left");
        await ExecuteAsync("""
            UPDATE social_accounts SET campaign_cap_cents = 9999 WHERE id = (SELECT social_account_id FROM orchestrations WHERE request_id = @run);
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, social_account_id, 'paused', 10000, now() FROM orchestrations WHERE request_id = @run
            """, new { run = Guid.Parse(run) });

        Assert.That(await _api.Http.GetStringAsync($"/console/campaigns/{campaign}"), Does.Contain("The start has left it paused: its budget is 10000 a day and the cap for one campaign of this account is 9999"));
    }

    [Test]
    public async Task A_large_tree_shows_the_ads_of_one_ad_set_at_a_time()
    {
        var (campaign, run) = await BuiltAsync("Forest");
        await ExecuteAsync("""
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at)
            SELECT request_id, 'ad:1.' || n, adset_db_id, creative_db_id, meta_id || '_' || n, 'Tree ' || n, status, created_at FROM meta_ads, generate_series(2, 101) n WHERE request_id = @run
            """, new { run = Guid.Parse(run) });

        var page = await _api.Http.GetStringAsync($"/console/campaigns/{campaign}");
        Assert.That(page, Does.Contain("Show its ads: 101").And.Not.Contain("Tree 50"));
        Assert.That(await _api.Http.GetStringAsync(Regex.Match(page, $"/console/campaigns/{campaign}\\?adset=[^\"]+").Value), Does.Contain("Tree 50").And.Not.Contain("Show its ads"));
    }

    [Test]
    public async Task An_ad_set_and_an_ad_are_added_in_the_form_and_a_campaign_is_adopted()
    {
        var (campaign, run) = await BuiltAsync("Lighthouse");
        var account = (string)(await _api.RunAsync(run))["social_account_id"]!;
        var page = await _chromium.SignInAsync(_service, "manager", $"/console/campaigns/{campaign}");

        await RowOf(page, "Campaign").GetByRole(AriaRole.Link, new() { Name = "Add an ad set…" }).ClickAsync();
        await Expect(page.Locator(".notice").First).ToContainTextAsync("Added to Lighthouse");
        await Expect(page.Locator(".notice").First).ToContainTextAsync("The campaign is not active");
        await Expect(page.GetByLabel("Campaign name")).ToHaveCountAsync(0);
        await FillAsync();
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_SALES|LINK_CLICKS");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
        await Expect(page.GetByLabel("Daily budget")).ToHaveAccessibleDescriptionAsync(new Regex("is required"));
        await page.GetByLabel("Daily budget").FillAsync("12.34");
        await CreateAsync();
        await page.GotoAsync($"/console/campaigns/{campaign}");
        await Expect(RowOf(page, "ad set")).ToHaveCountAsync(2);

        await RowOf(page, "ad set").First.GetByRole(AriaRole.Link, new() { Name = "Add an ad…" }).ClickAsync();
        await Expect(page.GetByLabel("Objective and goal")).ToHaveCountAsync(0);
        await FillAsync();
        await CreateAsync();
        await page.GotoAsync($"/console/campaigns/{campaign}");
        await Expect(RowOf(page, "ad")).ToHaveCountAsync(3);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Ad sets and ads" })).ToHaveCountAsync(2);

        await page.GotoAsync("/console/campaigns");
        await page.GetByText("Adopt a campaign that was made in Ads Manager").ClickAsync();
        await page.Locator("details").GetByLabel("Account").SelectOptionAsync(account);
        await page.GetByLabel("The campaign's id at Meta").FillAsync(campaign);
        await page.GetByRole(AriaRole.Button, new() { Name = "Adopt it" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/console/campaigns/{campaign}"));
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It was known already; what was new of it was taken over.");
        await page.FitsAsync($"/console/campaigns/{campaign}", $"/console/new?campaign={campaign}", "/console/campaigns");

        async Task FillAsync()
        {
            await page.GetByLabel("Clip").SelectOptionAsync(new SelectOptionValue { Index = 1 });
            await page.GetByLabel("Where it leads").FillAsync("https://example.com/more");
            await page.GetByLabel("Title").FillAsync("More");
        }

        async Task CreateAsync()
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
            await Expect(page.Locator("h1 .status")).ToHaveTextAsync("succeeded");
        }
    }

    private static ILocator RowOf(IPage page, string level) => page.Locator($"tr.of-{level.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()}");

    private async Task<(string Campaign, string Run)> BuiltAsync(string name)
    {
        var request = await _api.NewRequestAsync();
        request["campaign_name"] = name;
        var run = await _api.AcceptAsync(request);
        return ((string)(await _api.UntilAsync(run, "succeeded"))["campaign_creation"]!["campaign_meta_id"]!, run);
    }

    /// <summary>Kind and state of each edit, oldest first.</summary>
    private async Task<string> EditsAsync(string campaign) => string.Join(", ", (await _api.GetAsync($"/meta/edits?campaign_id={campaign}")).Json["items"]!.AsArray().Reverse().Select(edit => $"{edit!["kind"]} {edit["status"]}"));

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
