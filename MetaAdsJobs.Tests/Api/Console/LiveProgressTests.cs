using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Bars that move while one looks on: each step of what a worker would write is written here by hand.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
public sealed class LiveProgressTests
{
    private Service _service = null!;
    private Chromium _chromium = null!;
    private ApiClient _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        _chromium = await Chromium.StartAsync();
        _api = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _api.Dispose();
        await _chromium.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task The_bar_of_a_long_sync_moves_with_what_Meta_has_prepared()
    {
        var account = (string)(await _api.NewRequestAsync())["social_account_id"]!;
        var sync = Guid.Parse((string)(await _api.PostAsync($"/meta/orchestrate/sync-insights/{account}")).Json["sync_id"]!);
        await ExecuteAsync("UPDATE insight_syncs SET state = 'running', started_at = now() WHERE sync_id = @sync", new { sync });
        await ExecuteAsync("INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, mode, state, percent) VALUES (@sync, 1, 0, '2026-11-01', '2026-11-20', 'account', 'async', 'submitted', 10)", new { sync });
        var page = await OpenAsync("/console/syncs");
        var bar = page.Locator("progress[max='100']");
        await Expect(bar).ToHaveAttributeAsync("value", "10");

        await ExecuteAsync("UPDATE insight_reports SET percent = 60 WHERE sync_id = @sync", new { sync });
        await Expect(bar).ToHaveAttributeAsync("value", "60", new() { Timeout = 30_000 });
        await ExecuteAsync("UPDATE insight_syncs SET state = 'succeeded', completed_at = now() WHERE sync_id = @sync", new { sync });

        await Expect(bar).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    [Test]
    public async Task The_bar_of_a_batch_of_runs_moves_with_every_one_that_ends()
    {
        var request = await _api.NewRequestAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 4; i++) ids.Add(Guid.Parse(await _api.AcceptAsync(request)));
        var page = await OpenAsync("/console");
        var bar = page.Locator(".underway progress");
        await Expect(bar).ToHaveAttributeAsync("max", "4");
        await Expect(bar).ToHaveAttributeAsync("value", "0");

        foreach (var (id, i) in ids.Take(3).Select((id, i) => (id, i)))
        {
            await ExecuteAsync("UPDATE orchestrations SET status = @status, started_at = now(), completed_at = now() WHERE request_id = @id", new { id, status = i == 1 ? "failed" : "succeeded" });
            await Expect(bar).ToHaveAttributeAsync("value", $"{i + 1}", new() { Timeout = 30_000 });
        }

        await Expect(page.Locator(".underway")).ToContainTextAsync("3 of 4 runs of the last quarter of an hour have ended, 1 of them failed.");
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    private async Task<IPage> OpenAsync(string path)
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync(path);
        await page.EnterTokenAsync(Service.Token("viewer"));
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        await page.EvaluateAsync("window.sameDocument = true");
        return page;
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.ExecuteAsync(sql, parameters), Is.EqualTo(1));
    }
}
