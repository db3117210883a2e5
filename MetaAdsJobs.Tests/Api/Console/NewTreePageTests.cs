using System.Net;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Asking for several ad sets and ads in the form, and for a run once more.</summary>
[TestFixture]
public sealed partial class NewTreePageTests() : BrowserTests(shared: () => SharedServices.WithWorker)
{
    [Test]
    public async Task A_carousel_is_asked_for_and_what_is_wrong_with_a_card_stands_at_it()
    {
        var asked = await _api.NewRequestAsync();
        var page = await _chromium.SignInAsync(_service, "manager", "/console/new");
        await page.GetByLabel("Account").SelectOptionAsync((string)asked["social_account_id"]!);
        await page.GetByLabel("Clip").SelectOptionAsync((string)asked["clip_id"]!);
        await page.GetByLabel("Campaign name").FillAsync("Cards in the form");
        await page.GetByLabel("Where it leads").FillAsync("https://example.com/sale");
        await page.GetByLabel("Title").FillAsync("Amazing product");
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_LEADS|LEAD_GENERATION");
        await page.GetByLabel("Daily budget").FillAsync("12.34");
        await page.GetByText("Further options").First.ClickAsync();
        await page.GetByLabel("Form for leads").FillAsync("4711");
        await page.GetByText("Another kind of ad").ClickAsync();
        await page.GetByLabel("Headlines, one a line").FillAsync("Alone");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it a carousel" }).ClickAsync();
        ILocator Card(int number) => page.GetByRole(AriaRole.Group, new() { Name = $"Card {number}", Exact = true });
        await Card(2).GetByLabel("Where it leads").FillAsync("nowhere");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add card" }).ClickAsync();
        await Card(3).GetByLabel("Title").FillAsync("Third");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add card" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the last card" }).ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();

        await Expect(Card(2).GetByLabel("Where it leads")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.GetByLabel("Headlines, one a line")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.GetByText("Carousel: each lead to a page, and LEAD_GENERATION opens something else")).ToBeVisibleAsync();
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_TRAFFIC|LINK_CLICKS");
        await page.GetByLabel("Form for leads").FillAsync("");
        await Card(2).GetByLabel("Where it leads").FillAsync("");
        await Card(2).GetByLabel("Clip").SelectOptionAsync((string)asked["clip_id"]!);
        await page.GetByLabel("Headlines, one a line").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ad" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run was accepted.");
        var request = (await _api.GetAsync($"/meta/orchestrate/runs/{Regex.Match(page.Url, "[0-9a-f-]{36}").Value}/request")).Json["request"]!;
        Assert.That(request["cards"]!.AsArray().Select(card => (string?)card!["title"]), Is.EqualTo(["Amazing product", "Amazing product", "Third"]));
    }

    [Test]
    public async Task Two_ad_sets_of_three_ads_are_built_in_the_browser_and_copied_into_another_account_on_a_telephone_in_Spanish()
    {
        var request = await _api.NewRequestAsync();
        var other = await _api.AddAccountAsync(account => account["name"] = "Another account");
        var page = await _chromium.SignInAsync(_service, "manager", "/console/new");
        await page.SetViewportSizeAsync(1440, 900);
        await page.GetByLabel("Account").SelectOptionAsync((string)request["social_account_id"]!);
        await page.GetByLabel("Clip").SelectOptionAsync((string)request["clip_id"]!);
        await page.GetByLabel("Campaign name").FillAsync("Two by three");
        await page.GetByLabel("Where it leads").FillAsync("https://example.com/sale");
        await page.GetByLabel("Title").FillAsync("Amazing product");
        await page.GetByLabel("Objective and goal").SelectOptionAsync("OUTCOME_TRAFFIC|LINK_CLICKS");
        await page.GetByLabel("Daily budget").FillAsync("12.34");
        await page.GetByLabel("Further targeting, as JSON").FillAsync("""{"custom_audiences": [{"id": "77"}]}""");

        // On a slow way a choice is made before the page's script has come.
        var made = new TaskCompletionSource();
        await page.RouteAsync("**/console*.js*", async route =>
        {
            await made.Task;
            await route.ContinueAsync();
        });
        await Press(page, "Add ad set");
        var second = page.GetByRole(AriaRole.Group, new() { Name = "Ad set 2", Exact = true });
        await page.GetByLabel("Whose is the budget").SelectOptionAsync("campaign");
        made.SetResult();
        await Expect(page.GetByLabel("Whose is the budget")).ToBeFocusedAsync();
        await page.UnrouteAllAsync();
        await second.GetByLabel("To be spent at most").FillAsync("5");
        await Expect(second.GetByLabel("Daily budget")).ToHaveCountAsync(0);
        await second.GetByLabel("Name").FillAsync("There");
        await second.GetByLabel("Goal").SelectOptionAsync("REACH");
        await second.GetByText("Whom to reach").First.ClickAsync();
        await second.GetByLabel("Places", new() { Exact = true }).FillAsync("madr");
        await Press(second, "Find a place");
        await Expect(second.GetByLabel("Places", new() { Exact = true })).ToBeFocusedAsync();
        await second.GetByLabel("Madrid").CheckAsync();
        await Press(page, "Add ad · Ad set 1");
        await Ad(page, "1.2").GetByLabel("Title").FillAsync("Half price");
        await Expect(page.Locator(".preview")).ToContainTextAsync("Half price");
        await Press(page, "Add ad · Ad set 1");
        await Ad(page, "1.3").GetByLabel("Where it leads").FillAsync("nowhere");
        await Press(page, "Add ad · Ad set 2");
        await Ad(page, "2.2").GetByLabel("Name").FillAsync("Loud");
        await Press(page, "Duplicate · Ad 2.2");
        await Press(page, "Duplicate · Ad 2.3");
        await Press(page, "Remove · Ad 2.4");
        await Press(page, "Close · Ad 1.3");
        await Press(page, "Create the ads");

        await page.GetByRole(AriaRole.Link, new() { Name = "Ad 1.3" }).ClickAsync();
        await Expect(Ad(page, "1.3").GetByLabel("Where it leads")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.Locator("[aria-invalid]")).ToHaveCountAsync(1);
        await Ad(page, "1.3").GetByLabel("Where it leads").FillAsync("https://example.com/other");
        await Press(page, "Create the ads");

        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("succeeded");
        await Expect(page.Locator(".tree-of-run summary")).ToHaveTextAsync([new Regex("Ad set 1 .*3 of 3"), new Regex("Ad set 2 There .*3 of 3")]);
        await Expect(page.Locator(".tree-of-run tbody .is-confirmed")).ToHaveCountAsync(6);
        await Expect(page.Locator(".tree-of-run a[href*='selected_ad_ids=META_AD_']")).ToHaveCountAsync(6);
        await Expect(page.Locator(".tree-of-run a[href*='selected_adset_ids=META_ADSET_']")).ToHaveCountAsync(2);
        var built = (await _api.GetAsync($"/meta/orchestrate/runs/{page.Url.Split('/')[^1].Split('?')[0]}/request")).Json["request"]!;
        Assert.That((string?)built["budget_at"], Is.EqualTo("campaign"));
        Assert.That(built["ad_sets"]!.ToJsonString(), Is.EqualTo(
            """[{"ads":[{},{"creative_title":"Half price"},{"landing_url":"https://example.com/other"}]},{"name":"There","max_spend_cents":500,"targeting":{"geo_locations":{"cities":[{"key":"661577","name":"Madrid"}]}},"optimization_goal":"REACH","ads":[{},{"name":"Loud"},{"name":"Loud"}]}]"""));

        await page.SetViewportSizeAsync(360, 780);
        await AssertFitsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Español" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Pedir una como esta" }).ClickAsync();
        await page.GetByLabel("Para la cuenta").SelectOptionAsync(other);
        await Press(page, "Abrirla así");
        await Expect(page.Locator("main li").Filter(new() { HasText = "custom_audiences" })).ToHaveTextAsync("ad_sets[0].targeting.custom_audiences es de la cuenta de aquella ejecución");
        await Press(page, "Editar · Conjunto 2");
        await Press(page, "Editar · Anuncio 1.3");
        await Expect(page.Locator("b:focus")).ToHaveTextAsync("Anuncio 1.3");
        await AssertFitsAsync(page);
        await Press(page, "Crear los anuncios");

        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("terminada");
        await AssertFitsAsync(page);
        var copied = await _api.RunAsync(page.Url.Split('/')[^1].Split('?')[0]);
        Assert.That(((string?)copied["social_account_id"], copied["ad_sets"]!.AsArray().Select(set => set!["ads"]!.AsArray().Count)), Is.EqualTo((other, new[] { 3, 3 })));
        await page.GotoAsync("/console?lang=en");
    }

    // Sent as a browser without script sends it.
    [Test]
    public async Task The_largest_tree_is_a_page_that_can_be_worked_with_and_what_is_wrong_in_it_is_told_in_its_place()
    {
        var service = await SharedServices.ForPages;
        using var api = service.Client();
        var request = await api.NewRequestAsync();
        var fields = new Dictionary<string, string>
        {
            ["social_account_id"] = (string)request["social_account_id"]!, ["clip_id"] = (string)request["clip_id"]!, ["campaign_name"] = "A thousand ads", ["landing_url"] = "https://example.com/sale",
            ["creative_title"] = "Title", ["goal"] = "OUTCOME_TRAFFIC|LINK_CLICKS", ["daily_budget_cents"] = "10", ["do"] = "copy ad_sets[18]",
        };
        for (var set = 0; set < 19; set++)
        {
            fields[$"ad_sets[{set}]"] = "closed";
            for (var ad = 0; ad < 50; ad++)
            {
                fields[$"ad_sets[{set}].ads[{ad}]"] = "closed";
                foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("name", "Nº"), ("clip_id", (string)request["clip_id"]!), ("creative_title", $"Title {ad}"), ("creative_description", new string('é', 150)), ("landing_url", $"https://example.com/{set}/{ad}")])
                    fields[$"ad_sets[{set}].ads[{ad}].{name}"] = value;
            }
        }

        var (code, page, _) = await SendAsync(api, fields);

        Assert.That(code, Is.EqualTo(HttpStatusCode.OK));
        var sent = Inputs().Matches(page).ToDictionary(input => WebUtility.HtmlDecode(input.Groups["name"].Value), input => WebUtility.HtmlDecode(input.Groups["value"].Value));
        Assert.That((sent["ad_sets[19]"], sent["ad_sets[19].ads[49].landing_url"]), Is.EqualTo(("open", "https://example.com/18/49")), "duplicated");
        Assert.That(page, Has.Length.LessThan(3_000_000));
        foreach (var (name, value) in sent.Where(input => input.Key.StartsWith("ad_sets", StringComparison.Ordinal))) fields[name] = value;
        (fields["do"], fields["ad_sets[19].ads[49].landing_url"], fields["ad_sets[0].daily_budget_cents"]) = ("run", "ftp://nowhere", "no amount");
        for (var set = 0; set < 20; set++) fields[$"ad_sets[{set}].ads[{set}].clip_id"] = "no clip";

        (code, page, _) = await SendAsync(api, fields);

        Assert.That(code, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        // Compared apart: a page of megabytes is no message.
        Assert.That(Wrong().Matches(page).Select(input => input.Groups["name"].Value).Order(), Is.SupersetOf((string[])["ad_sets[0].daily_budget_cents", "ad_sets[0].ads[0].clip_id", "ad_sets[18].ads[18].clip_id"]), "at its field");
        Assert.That(OnLine().Matches(page).Select(line => line.Groups["name"].Value), Is.EqualTo(["ad_sets[19].ads[19].clip_id", "ad_sets[19].ads[49].landing_url"]), "no more than twenty are open");
        foreach (var name in sent.Keys.Where(name => name.EndsWith(".clip_id", StringComparison.Ordinal))) fields[name] = (string)request["clip_id"]!;
        (fields["ad_sets[19].ads[49].landing_url"], fields["ad_sets[0].daily_budget_cents"]) = ("https://example.com/last", "12");

        (code, _, var run) = await SendAsync(api, fields);

        Assert.That(code, Is.EqualTo(HttpStatusCode.Redirect));
        page = await api.Http.GetStringAsync(run);
        Assert.That(Rows().Matches(page).CountBy(row => row.Groups["of"].Value), Is.EquivalentTo([KeyValuePair.Create("Ad", 1000), KeyValuePair.Create("Step", 22)]), "each ad once, and of the steps only what is not of one ad");
        Assert.That(page, Has.Length.LessThan(1_000_000));
    }

    private static Task<(HttpStatusCode Code, string Text, Uri? Location)> SendAsync(ApiClient api, Dictionary<string, string> fields) =>
        api.SendFormAsync("/console/new", fields.Select(field => (field.Key, field.Value)));

    private static async Task Press(IPage page, string name) => await page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private static async Task Press(ILocator part, string name) => await part.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private static ILocator Ad(IPage page, string number) => page.GetByRole(AriaRole.Group, new() { Name = $"Ad {number}", Exact = true });

    private static async Task AssertFitsAsync(IPage page) => Assert.That(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(360), page.Url);

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>ad_sets[^\"]+)\" value=\"(?<value>[^\"]*)\" />")]
    private static partial Regex Inputs();

    [GeneratedRegex("name=\"(?<name>[^\"]+)\"[^>]* aria-invalid=")]
    private static partial Regex Wrong();

    [GeneratedRegex("<td data-name=\"(?<of>Ad|Step)\">")]
    private static partial Regex Rows();

    [GeneratedRegex("<p class=\"field-error\"><code>(?<name>[^<]+)</code>")]
    private static partial Regex OnLine();
}
