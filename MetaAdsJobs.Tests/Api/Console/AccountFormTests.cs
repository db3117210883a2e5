using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Accounts added and changed in a form; a service without workers is enough.</summary>
[TestFixture]
public sealed class AccountFormTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task An_account_is_added_after_all_that_was_wrong_was_told_at_its_fields_and_what_was_typed_was_kept()
    {
        var token = NewToken();
        var page = await VisitAsync("admin", "/console/accounts/new");
        foreach (var (name, value) in ((string, string)[])
            [("name", "Añadida <b>"), ("ad_account_id", "12345"), ("page_id", "2000000001"), ("currency", "XXX"), ("default_countries", "es, xx"), ("campaign_cap_cents", "1,000"), ("access_token", token)])
            await page.Locator($"#f-{name}").FillAsync(value);
        var answer = await page.RunAndWaitForResponseAsync(() => SaveAsync(page), one => one.Request.Method == "POST");

        Assert.That(answer.Status, Is.EqualTo(422));
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was saved");
        foreach (var (name, error) in ((string, string)[])
            [("ad_account_id", "must be act_ and digits"), ("currency", "must be the ISO code"), ("timezone_name", "is required"), ("default_countries", "2. must be a country's"), ("campaign_cap_cents", "must be an amount such as 1500")])
        {
            await Expect(page.Locator($"#f-{name}")).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(page.Locator($"#f-{name}")).ToHaveAccessibleDescriptionAsync(new Regex(error));
        }

        await Expect(page.Locator("#f-name")).ToHaveValueAsync("Añadida <b>");
        await Expect(page.Locator("#f-default_countries")).ToHaveValueAsync("es, xx");
        await Expect(page.Locator("#f-campaign_cap_cents")).ToHaveValueAsync("1,000");
        await Expect(page.Locator("#f-access_token")).ToHaveValueAsync("");
        await ShowsNowhereAsync(page, token);

        foreach (var (name, value) in ((string, string)[])
            [("ad_account_id", "act_70012345"), ("currency", "EUR"), ("timezone_name", "Europe/Madrid"), ("default_countries", "es, pt"), ("campaign_cap_cents", "1500,50"), ("access_token", token)])
            await page.Locator($"#f-{name}").FillAsync(value);
        await SaveAsync(page);

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The account was added.");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Añadida <b>");
        await ShowsNowhereAsync(page, token);
        var account = (await _api.GetAsync($"/meta/accounts/{page.Url.Split('/')[^1].Split('?')[0]}")).Json;
        Assert.That(((long?)account["campaign_cap_cents"], (string?)account["timezone_name"], account["default_countries"]!.ToJsonString()), Is.EqualTo((150050, "Europe/Madrid", "[\"ES\",\"PT\"]")));
    }

    [Test]
    public async Task A_change_takes_away_what_was_emptied_and_a_new_token_lifts_the_rejection()
    {
        var id = await _api.AddAccountAsync(account => (account["name"], account["pixel_id"], account["daily_cap_cents"]) = ("Rejected one", "4000000001", 250000));
        await ExecuteAsync("UPDATE social_accounts SET token_rejected_at = now(), token_rejection = 'The session has been invalidated' WHERE id = @id", id);
        var page = await VisitAsync("admin", $"/console/accounts/{id}");
        await Expect(page.GetByText("The session has been invalidated")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Give a new token" }).ClickAsync();
        await Expect(page.Locator("#f-daily_cap_cents")).ToHaveValueAsync("2500");
        await Expect(page.Locator("#f-access_token")).ToHaveValueAsync("");
        await page.Locator("#f-pixel_id").FillAsync("");
        await page.Locator("#f-name").FillAsync("Renamed one");
        await SaveAsync(page);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Renamed one");
        await Expect(page.GetByText("The session has been invalidated")).ToBeVisibleAsync();

        var token = NewToken();
        await page.GetByRole(AriaRole.Link, new() { Name = "Give a new token" }).ClickAsync();
        await page.Locator("#f-access_token").FillAsync(token);
        await SaveAsync(page);

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The account was changed.");
        await Expect(page.Locator(".status").First).ToHaveTextAsync("never checked");
        await Expect(page.GetByText("The session has been invalidated")).ToHaveCountAsync(0);
        await ShowsNowhereAsync(page, token);
        var account = (await _api.GetAsync($"/meta/accounts/{id}")).Json;
        Assert.That((account["pixel_id"], (long?)account["daily_cap_cents"]), Is.EqualTo(((JsonNode?)null, 250000L)));
    }

    [Test]
    public async Task A_form_that_was_opened_before_somebody_elses_change_changes_nothing()
    {
        var id = await _api.AddAccountAsync();
        var page = await VisitAsync("admin", $"/console/accounts/{id}/edit");
        await _api.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["name"] = "Theirs" });
        await page.Locator("#f-name").FillAsync("Mine");

        for (var press = 0; press < 2; press++)
        {
            await SaveAsync(page);
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Somebody has changed this account since you opened it.");
            await Expect(page.Locator("#f-name")).ToHaveValueAsync("Mine");
        }

        Assert.That((string?)(await _api.GetAsync($"/meta/accounts/{id}")).Json["name"], Is.EqualTo("Theirs"));
    }

    [Test]
    public async Task No_answer_to_a_form_holds_the_token_that_was_typed_into_it()
    {
        var token = NewToken();
        (string, string)[] fields = [("name", "No leaks"), ("ad_account_id", "act_88"), ("page_id", "1"), ("currency", "EUR"), ("timezone_name", "Europe/Madrid"), ("access_token", token)];
        var wrong = await _api.SendFormAsync("/console/accounts/new", [.. fields, ("pixel_id", token)]);
        Assert.That(wrong.Code, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        var right = await _api.SendFormAsync("/console/accounts/new", fields);
        Assert.That(right.Code, Is.EqualTo(HttpStatusCode.Found), right.Text);
        var changed = await _api.SendFormAsync($"{right.Location!.OriginalString.Split('?')[0]}/edit", [.. fields]);
        Assert.That(changed.Code, Is.EqualTo(HttpStatusCode.Found), changed.Text);
        await _api.GetAsync(changed.Location!.OriginalString);
        await _api.GetAsync("/console/accounts");

        Assert.That(await _service.Leaks.FindAsync(token), Is.Empty);
    }

    [Test]
    public async Task Without_script_what_a_token_reaches_is_chosen_and_the_token_is_typed_once_and_never_shown()
    {
        var token = NewToken();
        var shown = await _api.SendFormAsync("/console/accounts/new", ("offer", "true"), ("access_token", token));
        Assert.That(shown.Code, Is.EqualTo(HttpStatusCode.OK), shown.Text);
        var text = WebUtility.HtmlDecode(shown.Text);
        Assert.That(text, Does.Contain("<select id=\"f-ad_account_id\" name=\"ad_account_id\"").And.Contain("Our outlet · 1020304051").And.Contain("Shop in Japan · act_1000000003 · JPY"));
        Assert.That(text, Does.Not.Contain(token).And.Not.Contain("<select id=\"f-pixel_id\""));
        var kept = WebUtility.HtmlDecode(Regex.Match(shown.Text, "name=\"kept_token\" value=\"([^\"]+)\"").Groups[1].Value);
        Assert.That(kept, Is.Not.Empty);

        (string, string)[] chosen = [("ad_account_id", "act_1000000003"), ("page_id", "1020304051"), ("kept_token", kept)];
        var more = await _api.SendFormAsync("/console/accounts/new", [.. chosen, ("offer", "true")]);
        Assert.That(WebUtility.HtmlDecode(more.Text), Does.Contain("""<option value="401000000003" data-name="Pixel of 1000000003 · 401000000003">""").And.Contain("value=\"JPY\"").And.Contain("value=\"Asia/Tokyo\""), "its currency and time zone stand in their fields");

        var made = await _api.SendFormAsync("/console/accounts/new", [.. chosen, ("name", "Chosen"), ("pixel_id", "401000000003"), ("currency", "JPY"), ("timezone_name", "Asia/Tokyo")]);
        Assert.That(made.Code, Is.EqualTo(HttpStatusCode.Found), made.Text);
        var path = made.Location!.OriginalString.Split('?')[0];
        var own = await _api.SendFormAsync($"{path}/edit", ("offer", "true"));
        Assert.That(own.Code, Is.EqualTo(HttpStatusCode.OK), own.Text);
        Assert.That(WebUtility.HtmlDecode(own.Text), Does.Contain("shop.1000000003 · 301000000003").And.Not.Contain("kept_token"), "an account's own token is asked with here, and sent to no page");

        var again = await _api.SendFormAsync("/console/accounts/new", [.. chosen, ("name", "Twice"), ("currency", "JPY"), ("timezone_name", "Asia/Tokyo")]);
        Assert.That(again.Code, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That(again.Text, Does.Contain("has an account here already"));
        var refused = await _api.SendFormAsync("/console/accounts/new", ("offer", "true"), ("access_token", $"EXPIRED{token}"));
        Assert.That(refused.Code, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That(await _service.Leaks.FindAsync(token), Is.Empty);
    }

    [Test]
    public async Task A_token_that_was_not_kept_here_is_none()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await _api.AddAccountAsync();
        var stored = await connection.QueryFirstAsync<string>("SELECT access_token FROM social_accounts WHERE access_token IS NOT NULL LIMIT 1");
        var refused = await _api.SendFormAsync("/console/accounts/new", ("name", "Stolen"), ("ad_account_id", "act_7300000001"), ("page_id", "1"), ("currency", "EUR"), ("timezone_name", "Europe/Madrid"), ("kept_token", stored));
        Assert.That(refused.Code, Is.EqualTo(HttpStatusCode.UnprocessableEntity), "what the database holds opens nothing here");
    }

    [Test]
    public async Task An_account_is_retired_on_a_page_that_says_what_it_means_and_what_stands_against_it()
    {
        var request = await _api.NewRequestAsync(account => account["name"] = "To be retired");
        var id = (string)request["social_account_id"]!;
        await _api.AcceptAsync(request);
        var page = await VisitAsync("admin", $"/console/accounts/{id}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Retire this account…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Retire To be retired" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Runs that have not ended: 1");
        await ExecuteAsync("UPDATE orchestrations SET status = 'cancelled', completed_at = now() WHERE social_account_id = @id", id);
        await page.GetByRole(AriaRole.Button, new() { Name = "Retire To be retired" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The account was retired.");
        await Expect(page.GetByText("This account is retired.")).ToBeVisibleAsync();
        await Expect(page.Locator("main a.button")).ToHaveCountAsync(0);
        await page.GotoAsync("/console/accounts?retired=true&search=To%20be%20retired");
        await Expect(page.Locator("tbody tr .status")).ToHaveTextAsync("retired");
        await page.GotoAsync($"/console?account={id}");
        await Expect(page.GetByText("Summer Sale 2025").First).ToBeVisibleAsync();
    }

    [Test]
    public async Task Two_accounts_of_one_ad_account_are_warned_of_on_both_pages()
    {
        var first = await _api.AddAccountAsync(account => account["name"] = "The first of two");
        await ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, access_token, double_of, created_at, updated_at)
            SELECT gen_random_uuid(), 'The second of two', ad_account_id, page_id, currency, timezone_name, access_token, id, now(), now() FROM social_accounts WHERE id = @id
            """, first);
        var page = await VisitAsync("admin", $"/console/accounts/{first}");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing is begun or activated in the other one until one of the two is retired.");
        await page.GetByRole(AriaRole.Link, new() { Name = "The second of two" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing is begun or activated in this one until one of the two is retired.");
    }

    private static string NewToken() => $"{Service.SecretToken}{Guid.NewGuid():N}";

    private static Task SaveAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

    private static async Task ShowsNowhereAsync(IPage page, string token)
    {
        var cookies = (await page.Context.CookiesAsync()).Select(cookie => cookie.Value);
        Assert.That(string.Join('\n', [await page.ContentAsync(), page.Url, .. cookies]), Does.Not.Contain(token));
    }

    private Task<IPage> VisitAsync(string role, string path) => _chromium.SignInAsync(_service, role, path);

    private async Task ExecuteAsync(string sql, string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { id = Guid.Parse(id) });
    }
}
