using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Asking for an ad in a form, and what the API has against it at the fields.</summary>
[TestFixture]
public sealed class NewPageTests() : BrowserTests(shared: () => SharedServices.WithWorker)
{
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        // One account and one clip to choose.
        _request = await _api.NewRequestAsync();
    }

    [Test]
    public async Task An_ad_is_asked_for_in_the_form_and_its_steps_complete_while_one_looks_on()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Asked for in the form");
        await page.GetByLabel("From the age of").FillAsync("25");
        await page.GetByLabel("Up to the age of").FillAsync("54");
        await page.GetByLabel("women").CheckAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("succeeded");
        await Expect(page.Locator("table.steps .is-confirmed")).ToHaveCountAsync(5);
        var request = JsonNode.Parse(await LastRequestAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That((long?)request["daily_budget_cents"], Is.EqualTo(1234));
            Assert.That((string?)request["optimization_goal"], Is.EqualTo("LINK_CLICKS"));
            Assert.That((bool?)request["auto_publish"], Is.False);
            Assert.That(request["targeting"]!.ToJsonString(), Is.EqualTo("""{"age_max":54,"age_min":25,"genders":[2]}""").Or.EqualTo("""{"genders":[2],"age_max":54,"age_min":25}"""));
        });
    }

    [Test]
    public async Task Everything_that_is_wrong_stands_at_its_field_and_nothing_typed_is_lost()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Wrong <b>in</b> places");
        await page.GetByLabel("Where it leads").FillAsync("not an address");
        await page.GetByLabel("From the age of").FillAsync("60");
        await page.GetByLabel("Up to the age of").FillAsync("30");
        await page.GetByLabel("Further targeting, as JSON").FillAsync("{");
        await page.GetByLabel("Title").FillAsync("");
        var before = await CountAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("please mend the marked fields");
        await Expect(page.GetByLabel("Where it leads")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.GetByLabel("Title")).ToHaveAccessibleDescriptionAsync("is required");
        await Expect(page.GetByLabel("Further targeting, as JSON")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be a JSON object"));
        await Expect(page.GetByLabel("Campaign name")).ToHaveValueAsync("Wrong <b>in</b> places");
        await Expect(page.GetByLabel("Daily budget")).ToHaveValueAsync("12.34");

        // What the broken JSON hid is told once it is mended.
        await page.GetByLabel("Further targeting, as JSON").FillAsync("""{"device_platforms": ["phone"]}""");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByLabel("From the age of")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must not be greater than age_max, 30"));
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("targeting.device_platforms[0]");
        Assert.That(await CountAsync(), Is.EqualTo(before));
    }

    [TestCase("12.345")]
    [TestCase("1e3")]
    public async Task An_amount_that_is_none_is_never_guessed(string amount)
    {
        var before = await CountAsync();
        var page = await OpenAsync();
        await FillAsync(page, "Amount");
        // Past the browser's own idea of a number.
        await page.GetByLabel("Daily budget").EvaluateAsync("input => input.type = 'text'");
        await page.GetByLabel("Daily budget").FillAsync(amount);

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByLabel("Daily budget")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be an amount such as"));
        Assert.That(await CountAsync(), Is.EqualTo(before));
    }

    // A browser sends half a date as none: an ad that was to end would not.
    [Test]
    public async Task A_date_that_is_typed_by_half_is_not_taken_for_none_and_amounts_name_their_currency()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Ends some day");
        await Expect(page.GetByLabel("Account").Locator("option:checked")).ToHaveTextAsync("An account (USD, America/New_York)");
        await Expect(page.Locator(".preview")).Not.ToContainTextAsync("USD");
        var before = await CountAsync();
        await page.GetByLabel("Ends").PressSequentiallyAsync("0101");

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
        await Expect(page.GetByLabel("Ends")).ToBeFocusedAsync();
        Assert.That(await CountAsync(), Is.EqualTo(before));
        await page.GetByLabel("Ends").FillAsync("2027-06-01T10:30");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        Assert.That((string?)JsonNode.Parse(await LastRequestAsync())!["end_time"], Is.EqualTo("2027-06-01T10:30:00-04:00"));
    }

    [Test]
    public async Task Places_and_interests_are_found_at_Meta_and_kept_while_others_are_sought()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Reached by search");
        await page.GetByLabel("Places", new() { Exact = true }).FillAsync("madr");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find a place" }).ClickAsync();
        await page.GetByLabel("Madrid").CheckAsync();
        await page.GetByLabel("Interests", new() { Exact = true }).FillAsync("shop");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find an interest" }).ClickAsync();
        await page.GetByLabel("Online shopping").CheckAsync();
        await page.GetByLabel("Languages", new() { Exact = true }).FillAsync("spanish");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find a language" }).ClickAsync();
        await page.GetByLabel("Spanish (All)").CheckAsync();
        await Expect(page.GetByLabel("Madrid")).ToBeCheckedAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        var targeting = JsonNode.Parse(await LastRequestAsync())!["targeting"]!;
        Assert.That((string?)targeting["geo_locations"]!["cities"]![0]!["key"], Is.EqualTo("661577"));
        Assert.That((string?)targeting["interests"]![0]!["id"], Is.EqualTo("6003346592981"));
        Assert.That((int?)targeting["locales"]![0], Is.EqualTo(1002));
    }

    [Test]
    public async Task A_search_that_Meta_refuses_says_why()
    {
        // Others search at the same service at the same time.
        _service.Graph.Faults.Add(call => call.Path == "search" && call["q"] == "refused", GraphFaults.Refused(100, 33));
        var page = await OpenAsync();
        await FillAsync(page, "Not found");
        await page.GetByLabel("Places", new() { Exact = true }).FillAsync("refused");

        await page.GetByRole(AriaRole.Button, new() { Name = "Find a place" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Refused by the test");
    }

    [Test]
    public async Task A_form_sent_twice_asks_for_one_run()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Sent twice");
        var before = await CountAsync();
        await SendBesideAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        Assert.That(await CountAsync(), Is.EqualTo(before + 1));
    }

    [Test]
    public async Task A_form_that_has_expired_comes_back_with_what_was_typed_and_can_be_sent_again()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Typed long ago");
        var before = await CountAsync();
        await page.EvaluateAsync("document.querySelector('input[name=__RequestVerificationToken]').value = 'old'");

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The form had expired. Please try again.");
        Assert.That(await CountAsync(), Is.EqualTo(before));
        await Expect(page.GetByLabel("Campaign name")).ToHaveValueAsync("Typed long ago");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
    }

    [Test]
    public async Task A_form_that_has_served_asks_before_it_asks_for_another_run()
    {
        var page = await OpenAsync();
        await FillAsync(page, "First of two");
        await SendBesideAsync(page);
        var before = await CountAsync();
        await page.GetByLabel("Campaign name").FillAsync("Second of two");

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Press again to ask for another one.");
        Assert.That(await CountAsync(), Is.EqualTo(before));
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        Assert.That(await CountAsync(), Is.EqualTo(before + 1));
    }

    [Test]
    public async Task A_check_creates_nothing_and_says_what_Meta_said()
    {
        var page = await OpenAsync();
        await FillAsync(page, "Only checked");

        await page.GetByRole(AriaRole.Button, new() { Name = "Only let Meta check it" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Meta is being asked; nothing is created.");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "campaign" }).Locator(".is-ok").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Ask for one like it" }).ClickAsync();
        await Expect(page.GetByLabel("Campaign name")).ToHaveValueAsync("Only checked");
        await Expect(page.GetByLabel("Daily budget")).ToHaveValueAsync("12.34");
        await Expect(page.GetByLabel("Objective and goal")).ToHaveValueAsync("OUTCOME_TRAFFIC|LINK_CLICKS");
    }

    [Test]
    public async Task The_preview_follows_what_is_typed_and_Enter_creates_nothing()
    {
        var before = await CountAsync();
        var page = await OpenAsync();
        await FillAsync(page, "Previewed");
        await page.GetByLabel("Title").FillAsync("Half price");
        await Expect(page.Locator(".preview")).ToContainTextAsync("Half price");
        await Expect(page.Locator(".preview")).ToContainTextAsync("example.com");

        await page.GetByLabel("Title").PressAsync("Enter");

        // Sent, and shown again: without a run.
        await page.WaitForFunctionAsync("document.querySelector('input[name=campaign_name]').defaultValue === 'Previewed'");
        Assert.That(await CountAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_viewer_is_not_offered_the_form_and_gets_none()
    {
        var page = await OpenAsync("viewer");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Not allowed" })).ToBeVisibleAsync();
        await page.GotoAsync("/console");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "New", Exact = true })).ToHaveCountAsync(0);
    }

    // As if the first answer had been lost: the same form once more.
    private static Task SendBesideAsync(IPage page) => page.EvaluateAsync("""
        async () => {
            const form = document.querySelector('form.new'), body = new URLSearchParams(new FormData(form));
            body.set('do', 'run');
            await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
        }
        """);

    private Task<IPage> OpenAsync(string role = "manager") => _chromium.SignInAsync(_service, role, "/console/new");

    private async Task FillAsync(IPage page, string name)
    {
        await page.GetByLabel("Account").SelectOptionAsync((string)_request["social_account_id"]!);
        await page.GetByLabel("Clip").SelectOptionAsync((string)_request["clip_id"]!);
        await page.GetByLabel("Campaign name").FillAsync(name);
        await page.GetByLabel("Where it leads").FillAsync("https://example.com/sale");
        await page.GetByLabel("Title").FillAsync("Amazing product");
        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("Get 50% off");
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_TRAFFIC|LINK_CLICKS");
        await page.GetByLabel("Daily budget").FillAsync("12.34");
    }

    private object Mine => new { Account = Guid.Parse((string)_request["social_account_id"]!) };

    private async Task<string> LastRequestAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<string>("SELECT request::text FROM orchestrations WHERE social_account_id = @Account ORDER BY request_id DESC LIMIT 1", Mine);
    }

    private async Task<long> CountAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<long>("SELECT count(*) FROM orchestrations WHERE social_account_id = @Account", Mine);
    }
}
