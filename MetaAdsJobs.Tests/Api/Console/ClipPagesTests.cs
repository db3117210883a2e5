using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about clips; a service without workers is enough.</summary>
[TestFixture]
public sealed class ClipPagesTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_manager_adds_a_clip_after_what_was_wrong_was_told_at_its_fields()
    {
        var page = await _chromium.SignInAsync(_service, "manager", "/console/clips");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a clip" }).ClickAsync();
        await page.Locator("#f-title").FillAsync("Formed <em>clip</em>");
        await page.Locator("#f-video_id").FillAsync("12 34");
        await page.Locator("#f-image_url").FillAsync("https://cdn.example.com/formed.jpg");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("#f-video_id")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be the id that Meta gave the video"));
        await Expect(page.Locator("#f-video_url")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("exactly one of"));
        await Expect(page.Locator("#f-title")).ToHaveValueAsync("Formed <em>clip</em>");

        await page.Locator("#f-video_id").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The clip was added.");
        var row = page.Locator("tbody tr").Filter(new() { HasText = "Formed <em>clip</em>" });
        await Expect(row).ToContainTextAsync("image");
        var picture = row.Locator("img");
        foreach (var (name, value) in ((string, string)[])
            [("src", "https://cdn.example.com/formed.jpg"), ("loading", "lazy"), ("referrerpolicy", "no-referrer"), ("alt", "Formed <em>clip</em>")])
            await Expect(picture).ToHaveAttributeAsync(name, value);
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("^/console/new\\?clip=[0-9a-f-]{36}$"));
    }

    [Test]
    public async Task A_manager_sends_a_file_and_sees_it()
    {
        var page = await _chromium.SignInAsync(_service, "manager", "/console/clips");
        await page.GetByRole(AriaRole.Link, new() { Name = "Send a file" }).ClickAsync();
        var file = page.Locator("#f-file");
        await file.SetInputFilesAsync(new FilePayload { Name = "long.mp4", MimeType = "video/mp4", Buffer = new byte[8 * 1024 * 1024 + 1] });
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        Assert.That(await file.EvaluateAsync<string>("input => input.validationMessage"), Is.EqualTo("MP4, QuickTime, JPEG or PNG, at most 8 MiB."), "told without sending it");
        await page.Locator("#f-title").FillAsync("Sent <em>picture</em>");
        await file.SetInputFilesAsync(new FilePayload { Name = "notes.png", MimeType = "image/png", Buffer = "no picture"u8.ToArray() });
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Expect(file).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("is no MP4, QuickTime, JPEG or PNG file"));
        await Expect(page.Locator("#f-title")).ToHaveValueAsync("Sent <em>picture</em>");
        await file.SetInputFilesAsync(new FilePayload { Name = "clip.png", MimeType = "image/png", Buffer = FileServer.Picture });
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The clip was added.");
        var row = page.Locator("tbody tr").Filter(new() { HasText = "Sent <em>picture</em>" });
        await Expect(row).ToContainTextAsync("image · sent as a file, 1 KiB");
        await Expect(row.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 16);
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator(".preview img")).ToHaveJSPropertyAsync("naturalWidth", 16);
    }

    [TestCase(true, "The clip was added.")]
    [TestCase(false, "expired")]
    public async Task Without_script_a_form_carries_the_file_and_one_that_nobody_was_shown_leaves_nothing(bool isShown, string told)
    {
        using var opened = await _api.Http.GetAsync("/console/clips/file");
        var text = await opened.Content.ReadAsStringAsync();
        var (before, title) = (Directory.GetFiles(_service.ClipFiles).Length, $"By hand {isShown}");
        using var form = new MultipartFormDataContent();
        foreach (var name in (string[])["__RequestVerificationToken", "back", "id"])
            if (isShown || name != "__RequestVerificationToken") form.Add(new StringContent(System.Text.RegularExpressions.Regex.Match(text, $"name=\"{name}\" value=\"([^\"]*)\"").Groups[1].Value), name);
        form.Add(new StringContent(title), "title");
        form.Add(new ByteArrayContent(ClipFileBytes.Video(2_000_000)), "file", "clip.mp4");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/console/clips/file") { Content = form };
        if (opened.Headers.TryGetValues("Set-Cookie", out var cookies)) request.Headers.Add("Cookie", string.Join("; ", cookies.Select(cookie => cookie.Split(';')[0])));

        using var answer = await _api.Http.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Redirect), await answer.Content.ReadAsStringAsync());
        Assert.That(WebUtility.HtmlDecode(await _api.Http.GetStringAsync(answer.Headers.Location)), Does.Contain(told));
        Assert.That(Directory.GetFiles(_service.ClipFiles).Length - before, Is.EqualTo(isShown ? 1 : 0));
    }

    [Test]
    public async Task Clips_tell_their_kind_where_they_are_at_Meta_and_in_how_many_runs()
    {
        var request = await _api.NewRequestAsync(clip: new JsonObject { ["title"] = "Twice advertised", ["video_url"] = "https://cdn.example.com/a.mp4" });
        for (var run = 0; run < 2; run++) await _api.AcceptAsync(request);
        await _api.PostAsync("/meta/clips", new JsonObject { ["title"] = "Twice at Meta", ["video_id"] = "120000001" });
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO clip_videos (clip_id, ad_account_id, state, request_id, attempt, video_id, thumbnail_url, started_at)
                SELECT @clip, 'act_' || n, CASE n WHEN 3 THEN 'uploaded' ELSE 'ready' END, gen_random_uuid(), 1, n::text, 'https://meta.example.com/' || n || '.jpg', now() FROM generate_series(1, 3) n
                """, new { clip = Guid.Parse((string)request["clip_id"]!) });

        var page = await _chromium.SignInAsync(_service, "viewer", "/console/clips?search=twi");
        var rows = page.Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        var advertised = rows.Filter(new() { HasText = "Twice advertised" });
        foreach (var text in (string[])["video to upload", "ad accounts: 2"]) await Expect(advertised).ToContainTextAsync(text);
        await Expect(advertised.Locator("td.number")).ToHaveTextAsync("2");
        await Expect(advertised.Locator("img")).ToHaveAttributeAsync("src", "https://meta.example.com/3.jpg");
        await Expect(rows.Filter(new() { HasText = "Twice at Meta" })).ToContainTextAsync("video at Meta");
        await Expect(page.Locator("form[method=post], a.button, a[href*='/console/new?']")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Clips_are_paged_newest_first()
    {
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO clips (id, title, image_url, created_at)
                SELECT ('01900000-0000-7000-8000-' || to_char(n, 'FM000000000000'))::uuid, 'Paged ' || to_char(n, 'FM000'), 'https://cdn.example.com/p.jpg', now() FROM generate_series(1, 120) n
                """);
        var page = await _chromium.SignInAsync(_service, "viewer", "/console/clips?search=paged");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(page.Locator("tbody tr td:nth-child(2)").First).ToHaveTextAsync("Paged 070");
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(page.Locator("tbody tr td:nth-child(2)").First).ToHaveTextAsync("Paged 020");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(20);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Older" })).ToHaveCountAsync(0);
    }

    [Test]
    public async Task A_viewer_is_refused_when_adding_a_clip_all_the_same()
    {
        using var viewer = _service.Client("viewer");
        Assert.That(await viewer.PostBlindAsync("/console/clips/new"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await viewer.GetAsync("/console/clips/new")).Code, Is.EqualTo(403));
    }
}
