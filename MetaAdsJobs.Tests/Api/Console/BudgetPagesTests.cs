using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about budget pools.</summary>
[TestFixture]
public sealed class BudgetPagesTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_manager_makes_a_pool_tries_it_sees_what_is_proposed_and_why_and_accepts_it()
    {
        var account = await _api.AddAccountAsync(account => account["name"] = "Pooled");
        var campaigns = await PooledCampaigns.AddAsync(_service.Database.DataSource, account, "page", 10, 20);
        // A word of its ids would be two of them.
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE meta_campaigns SET meta_id = replace(meta_id, ' ', '') WHERE meta_id = ANY (@Ids); UPDATE insight_campaign_days SET campaign_meta_id = replace(campaign_meta_id, ' ', '') WHERE campaign_meta_id = ANY (@Ids)", new { Ids = campaigns.Ids.ToArray() });

        var page = await _chromium.SignInAsync(_service, "manager", "/console/budgets");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a pool" }).ClickAsync();
        await page.Locator("#f-name").FillAsync("Shoes");
        await page.Locator("#f-social_account_id").SelectOptionAsync(account);
        await page.Locator("#f-level").SelectOptionAsync("campaign");
        await page.Locator("#f-members").FillAsync("page1 95 200\nnobody");
        await page.Locator("#f-mode").SelectOptionAsync("ask");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("#f-members")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("there is no campaign nobody"));

        await page.Locator("#f-members").FillAsync("page1 95 200\npage2");
        await page.Locator("#f-days").FillAsync("2");
        await page.Locator("#f-least_gain_percent").FillAsync("0,5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try the pool" }).ClickAsync();
        await Expect(page.GetByText("Proposals: 2 in 2 nights")).ToBeVisibleAsync();
        await Expect(page.Locator("tbody tr").Last).ToContainTextAsync("page 2 +5 %");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The pool was added");

        var pool = Guid.Parse(new Uri(page.Url).AbsolutePath.Split('/')[^1]);
        await using (var core = InProcess.Configure(_service.Database.ConnectionString, time: null))
        {
            await core.GetRequiredService<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
            await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
                await connection.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1 WHERE pool_id = @pool", new { pool });
            await core.GetRequiredService<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        }

        await page.ReloadAsync();
        await Expect(page.Locator("tbody tr").Filter(new() { HasText = "page 1" }).First).ToContainTextAsync("Its least.");
        await Expect(page.Locator("tbody tr").Filter(new() { HasText = "page 2" }).First).ToContainTextAsync("105.00");
        await Expect(page.Locator(".plot canvas")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Accept" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is carried out within minutes.");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE budget_pools SET mode_why = 'ann@example.com may no longer do what it does' WHERE id = @pool", new { pool });
        await page.GotoAsync($"/console/budgets/{pool}?lang=es");
        await Expect(page.Locator("main")).ToContainTextAsync("Lo que llegó");
        await Expect(page.Locator("main")).ToContainTextAsync("ann@example.com ya no puede hacer lo que hace");
        await page.GetByRole(AriaRole.Button, new() { Name = "Solo mostrar" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Se ha cambiado el fondo.");
        await page.GotoAsync($"/console/budgets/{pool}?lang=en");

        using var viewer = _service.Client("viewer");
        Assert.That(await viewer.Http.GetStringAsync($"/console/budgets/{pool}"), Does.Contain("What came").And.Not.Contain("<form"));
        using var refused = await viewer.Http.GetAsync($"/console/budgets/{pool}/edit");
        Assert.That((int)refused.StatusCode, Is.EqualTo(403));
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The pool was removed");
    }
}
