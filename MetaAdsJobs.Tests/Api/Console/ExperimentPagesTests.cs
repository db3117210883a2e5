using Dapper;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about experiments.</summary>
[TestFixture]
public sealed class ExperimentPagesTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_manager_sees_what_the_numbers_say_how_surely_and_has_it_done()
    {
        var id = await DecidedAsync();
        var page = await _chromium.SignInAsync(_service, "manager", "/console/experiments");
        await page.GetByRole(AriaRole.Link, new() { Name = "Which title" }).ClickAsync();
        await Expect(page.GetByText("Loud wins: at least ")).ToBeVisibleAsync();
        await Expect(page.GetByText("Meta decides who sees it")).ToContainTextAsync("Meta's own split is not made here");
        await Expect(page.Locator("[data-chart] canvas")).ToHaveCountAsync(1);
        await Expect(page.Locator("figure details tbody tr")).ToHaveCountAsync(7);
        await Expect(page.GetByText("Give Loud the budget of all: ")).ToBeVisibleAsync();
        await Expect(page.Locator(".status").Filter(new() { HasText = "waiting for an answer" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All of this is fine" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "It waits for this" })).ToHaveCountAsync(0);
        await Expect(page.Locator("li").Filter(new() { HasText = "Whole weeks" })).ToContainTextAsync("days of the last week: 7 of 7");
        await page.GetByLabel("Move the budget, too").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is being done.");
        await Expect(page.GetByText("Pause Plain · queued")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Do it" })).ToHaveCountAsync(0);

        await page.GotoAsync($"/console/experiments/{id}?lang=es");
        await Expect(page.GetByText("Gana Loud: al menos un ")).ToBeVisibleAsync();

        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE experiments SET state = 'stopped', stopped_by = 'its run, which has ended as failed', stopped_at = now() WHERE id = @id::uuid", new { id });
        await page.ReloadAsync();
        await Expect(page.GetByText("Lo paró su ejecución, que terminó como fallida")).ToBeVisibleAsync();
    }

    private async Task<string> DecidedAsync()
    {
        var request = await _api.NewRequestAsync();
        var account = Guid.Parse((string)request["social_account_id"]!);
        var begun = await _api.PostAsync("/meta/experiments", ExperimentWorld.Body(account, Guid.Parse((string)request["clip_id"]!)));
        Assert.That(begun.Code, Is.EqualTo(202), begun.Text);
        var (run, mark) = (Guid.Parse((string)begun.Json["request_id"]!), $"{Guid.NewGuid():N}");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                UPDATE experiments SET created_at = now() - interval '40 days' WHERE request_id = @run;
                UPDATE orchestrations SET status = 'succeeded', completed_at = now() WHERE request_id = @run;
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@run, @account, 'c' || @mark, 'Titles', 'OUTCOME_TRAFFIC', 'ACTIVE', now());
                INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
                    SELECT @run, s, c.id, s || @mark, s, 'LANDING_PAGE_VIEWS', 'IMPRESSIONS', 10000, 'USD', '{}', 'ACTIVE', now() FROM meta_campaigns c, unnest(ARRAY['adset', 'adset:2']) s WHERE c.request_id = @run;
                SELECT ensure_insight_partitions((now() - interval '40 days')::date, now()::date);
                INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, first_at)
                    SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, now(), gen_random_uuid(), false, 0, 0, 0, 0, 0, 0, now() FROM social_accounts a, generate_series(1, 16) n WHERE a.id = @account;
                INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw, is_partial, synced_at)
                    SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, s || @mark || 'ad', s || @mark, 'c' || @mark, 1000, 50, 40, 900, 100, CASE s WHEN 'adset' THEN 60 ELSE 90 END + mod(n, 3), 'landing_page_view', 'USD', '{}', false, now()
                    FROM social_accounts a, generate_series(2, 16) n, unnest(ARRAY['adset', 'adset:2']) s WHERE a.id = @account;
                INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), @account, current_date - 16, current_date, 'tests', 'succeeded', now(), now();
                """, new { run, account, mark });
        }

        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null);
        Assert.That(await core.GetRequiredService<JudgeExperiments>().JudgeAsync(account, CancellationToken.None), Is.EqualTo(1));
        return (string)begun.Json["experiment_id"]!;
    }
}
