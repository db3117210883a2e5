using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What is due and what asks for approval, as people with each role see it.</summary>
[TestFixture]
public sealed class HoldPagesTests() : BrowserTests(shared: () => SharedServices.WithWorker)
{
    [Test]
    public async Task What_somebody_else_has_asked_for_is_approved_as_it_was_shown_and_what_is_one_s_own_is_not()
    {
        using var manager = _service.Client("manager");
        var request = await _api.NewRequestAsync(account => (account["name"], account["approval_required"]) = ("Two <b>eyes</b>", "always"));
        (request["campaign_name"], request["auto_publish"]) = ("Lantern <i>walk</i>", true);
        var run = await manager.AcceptAsync(request);
        var campaign = (string)(await _api.UntilAsync(run, "succeeded"))["campaign_creation"]!["campaign_meta_id"]!;
        var account = (string)request["social_account_id"]!;
        await AskedAsync(account, 1);
        var adSet = (string)(await _api.RunAsync(run))["campaign_creation"]!["adset_meta_id"]!;
        await manager.PatchAsync($"/meta/adsets/{adSet}", new JsonObject { ["daily_budget_cents"] = 15000 });
        await Eventually.TrueAsync(async () => (string?)(await _api.GetAsync($"/meta/edits?campaign_id={campaign}")).Json["items"]!.AsArray().FirstOrDefault()?["status"] == "succeeded", _service.Progress, _service.Logs);

        var shown = (await _api.GetAsync($"/meta/approvals?social_account_id={account}")).Json["items"]![0]!;
        (await _api.PostAsync($"/meta/approvals/{(string)shown["id"]!}/approve", new JsonObject { ["content_hash"] = "what was read before" })).AssertProblem(409);
        await Eventually.TrueAsync(async () => (await _api.GetAsync($"/meta/approvals?social_account_id={account}")).Json["items"]?.AsArray().FirstOrDefault()?["changed"] is JsonArray { Count: 1 }, _service.Progress, _service.Logs);

        var page = await _chromium.SignInAsync(_service, "admin", $"/console/approvals?account={account}");
        var approval = page.Locator(".approval");
        await Expect(approval.GetByRole(AriaRole.Link)).ToHaveTextAsync("Lantern <i>walk</i>");
        await Expect(approval.Locator(".changed li")).ToHaveTextAsync(new Regex(@"daily_budget: 100\.00 USD → 150\.00 USD"));
        await Expect(approval).ToContainTextAsync("150.00 USD");
        await page.FitsAsync($"/console/approvals?account={account}", $"/console/due?account={account}");

        var own = await _chromium.SignInAsync(_service, "manager", $"/console/approvals?account={account}&lang=es");
        await Expect(own.Locator(".approval")).ToContainTextAsync("Lo ha pedido usted: debe aprobarlo otra persona.");
        await Expect(own.GetByRole(AriaRole.Button, new() { Name = "Aprobar" })).ToHaveCountAsync(0);
        var viewer = await _chromium.SignInAsync(_service, "viewer", $"/console/approvals?account={account}");
        await Expect(viewer.Locator(".approval button")).ToHaveCountAsync(0);

        await page.SetViewportSizeAsync(1440, 900);
        await page.GotoAsync($"/console/approvals?account={account}");
        await approval.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Approved: it is activated at its time, or now.");
        await Eventually.TrueAsync(async () => (string?)(await _api.GetAsync($"/meta/campaigns/{campaign}")).Json["campaign"]!["status"] == "ACTIVE", _service.Progress, _service.Logs);
    }

    [Test]
    public async Task What_is_due_stands_at_its_day_and_a_freeze_is_set_and_ended()
    {
        var request = await _api.NewRequestAsync(account => (account["name"], account["timezone_name"]) = ("Lord Howe", "Australia/Lord_Howe"));
        request["campaign_name"] = "Dawn chorus";
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Australia/Lord_Howe");
        var local = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), zone).Date.AddDays(3).AddHours(9).AddMinutes(30);
        request["activate_at"] = local.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture);
        await _api.UntilAsync(await _api.AcceptAsync(request), "succeeded");
        var account = (string)request["social_account_id"]!;
        var page = await _chromium.SignInAsync(_service, "manager", $"/console/due?account={account}");

        await Expect(page.Locator("main h2").First).ToHaveTextAsync(new Regex($@"{local.DayOfWeek}.*\b{local.Day}\b.*{local.Year}"));
        await Expect(page.Locator("table.due tbody tr")).ToContainTextAsync(["09:30 Australia/Lord_Howe"]);
        await Expect(page.Locator("table.due").GetByRole(AriaRole.Link, new() { Name = "Dawn chorus" })).ToBeVisibleAsync();

        await page.Locator("#f-from").FillAsync("2020-01-01T00:00");
        await page.Locator("form[action='/console/due'][method='post'] select").SelectOptionAsync(account);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set a freeze" }).ClickAsync();
        await Expect(page.Locator("#f-until")).ToHaveAccessibleDescriptionAsync(new Regex("is required"));
        await page.Locator("#f-until").FillAsync(local.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.Locator("#f-reason").FillAsync("Nobody is <b>here</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set a freeze" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The freeze is set: until its end nothing is activated or raised.");
        await page.GotoAsync($"/console/due?account={account}");
        var row = page.Locator("table.freezes tbody tr");
        await Expect(row).ToContainTextAsync(["Nobody is <b>here</b>"]);
        await page.FitsAsync($"/console/due?account={account}", $"/console/due?account={account}&lang=es");
        var viewer = await _chromium.SignInAsync(_service, "viewer", $"/console/due?account={account}");
        await Expect(viewer.Locator("main form[method='post']")).ToHaveCountAsync(0);

        await page.SetViewportSizeAsync(1440, 900);
        await page.GotoAsync($"/console/due?account={account}&lang=en");
        await row.GetByRole(AriaRole.Button, new() { Name = "End it" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The freeze is ended: what it held goes on.");
    }

    [Test]
    public async Task A_freeze_of_every_week_is_set_and_what_is_wrong_with_it_stands_at_its_field()
    {
        var account = await _api.AddAccountAsync();
        var page = await _chromium.SignInAsync(_service, "manager", $"/console/due?account={account}");
        await page.GetByLabel("Saturday").CheckAsync();
        await page.GetByLabel("Sunday").CheckAsync();
        await page.Locator("#f-weekly-from").FillAsync("18:00");
        await page.Locator("#f-weekly-until").FillAsync("09:00");
        await page.Locator("form[action='/console/due'][method='post'] select").SelectOptionAsync(account);
        var set = page.Locator("form[action='/console/due'][method='post'] button[type='submit']");
        await set.ClickAsync();
        await Expect(page.Locator("#f-weekly-until")).ToHaveAccessibleDescriptionAsync(new Regex("must be after from"));
        await Expect(page.GetByLabel("Sunday")).ToBeCheckedAsync();

        await page.Locator("#f-weekly-from").FillAsync("00:00");
        await page.Locator("#f-weekly-until").FillAsync("24:00");
        await page.Locator("#f-from").FillAsync("2030-01-01T00:00");
        await set.ClickAsync();
        await Expect(page.Locator("#f-from")).ToHaveAccessibleDescriptionAsync(new Regex("is not for a weekly freeze"));
        await page.Locator("#f-from").FillAsync("");
        await set.ClickAsync();
        await page.GotoAsync($"/console/due?account={account}");
        await Expect(page.Locator("table.freezes tbody tr")).ToContainTextAsync(["Saturday, Sunday 00:00"]);
        var freeze = (await _api.GetAsync($"/meta/freezes?social_account_id={account}")).Json["items"]!.AsArray().Single(one => (string?)one!["social_account_id"] == account)!;
        Assert.That((freeze["weekly"]!["days"]!.ToJsonString(), (string?)freeze["weekly"]!["until"]), Is.EqualTo(("""["saturday","sunday"]""", "24:00")));
    }

    [Test]
    public async Task What_is_due_and_what_is_frozen_are_read_page_by_page()
    {
        var request = await _api.NewRequestAsync();
        var run = await _api.AcceptAsync(request);
        await _api.UntilAsync(run, "succeeded");
        var account = (string)request["social_account_id"]!;
        await _service.Database.DataSource.DoAsync("""
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, asked_by, state, error, asked_at, completed_at, due_at)
            SELECT gen_random_uuid(), @account::uuid, c.request_id, 'campaign', c.meta_id, 'publish', 'tests', 'cancelled', concat('nth ', n, ';'), now(), now(), now() + n * interval '1 minute'
            FROM meta_campaigns c, generate_series(1, 130) n WHERE c.request_id = @run::uuid;
            INSERT INTO freezes (id, social_account_id, from_at, until_at, reason, made_by, made_at)
            SELECT gen_random_uuid(), @account::uuid, now() + interval '1 year', now() + interval '2 years', 'tests', 'tests', now() FROM generate_series(1, 140)
            """, new { account, run });
        var page = await _chromium.SignInAsync(_service, "viewer", $"/console/due?account={account}");
        var (due, freezes) = (page.Locator("table.due tbody tr"), page.Locator("table.freezes tbody tr"));
        await Expect(due).ToHaveCountAsync(100);
        await Expect(due.Last).ToContainTextAsync("nth 100;");

        await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "More", Exact = true }).ClickAsync();
        await Expect(due).ToHaveCountAsync(30);
        await Expect(due.First).ToContainTextAsync("nth 101;");
        await Expect(due.Last).ToContainTextAsync("nth 130;");
        await Expect(page.Locator("[data-live] .pager [rel=next]")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "From the beginning" }).ClickAsync();
        await Expect(due.First).ToContainTextAsync("nth 1;");

        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(freezes).ToHaveCountAsync(40);
        await Expect(due).ToHaveCountAsync(100);
        await page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        await Expect(freezes).ToHaveCountAsync(100);
    }

    private async Task AskedAsync(string account, int count) =>
        await Eventually.TrueAsync(async () => (await _api.GetAsync($"/meta/approvals?social_account_id={account}")).Json["items"]!.AsArray().Count == count, _service.Progress, _service.Logs);
}
