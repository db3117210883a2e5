using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What holds for every page of the console, whatever is asked of it. When the service ends, no answer has held an account's token.</summary>
[TestFixture]
public sealed partial class EveryPageTests
{
    private static readonly string[] Lists = ["/console", "/console/numbers", "/console/numbers/runs", "/console/numbers/csv", "/console/syncs", "/console/accounts", "/console/clips", "/console/jobs", "/console/runs/bulk/retry", "/console/campaigns", "/console/campaigns/bulk/publish", "/console/batches", "/console/webhooks", "/console/publishers", "/console/alerts", "/console/alerts/rules", "/console/experiments", "/console/budgets", "/console/due", "/console/approvals", "/console/audit", "/console/people", "/console/people/groups", "/console/me"];

    private static readonly string[] Odd =
    [
        "?cursor=1", "?cursor=00000000-0000-0000-0000-000000000000", "?status=nonsense", "?status=7", "?account=1", "?account=00000000-0000-0000-0000-000000000000", "?since=0001-01-01&until=9999-12-31",
        "?since=9999-12-31&until=0001-01-01", "?since=0001-01-01&until=0001-01-10&compare=true", "?since=9999-12-31", "?until=0001-01-01", "?until=9999-12-31", "?since=2026-13-45", "?search=%00%01", "?search='%3B--", "?search=%3C%3E%26%7C!()%3A*", "?search=%F0%9F%98%80",
        "?search=%", "?currency=XXX", "?currency=%3Cscript%3E", "?campaign=%27", "?campaign=%00", "?compare=perhaps", "?lang=xx", "?lang=es", "?done=%3Cscript%3Ealert(1)%3C/script%3E", "?done=The run was accepted.", "?done={0} of {1} steps",
        "?problem=Rows from {1} to {2}: {0}", "?status=queued,waiting", "?ids=1,%00,,x", "?status=active&search=a", "?cursor=99999999999999999999",
    ];

    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _run = "";
    private string _account = "";
    private string _campaign = "";
    private string _batch = "";
    private string _webhook = "";
    private string _rule = "";
    private string _publisher = "";
    private string _user = "";
    private string _group = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithWorker;
        _admin = _service.Client();
        // Its host is none: nothing leaves.
        _webhook = (string)(await _admin.PostAsync("/meta/webhooks", new System.Text.Json.Nodes.JsonObject { ["url"] = "https://receiver.invalid/hook?<script>alert(1)" })).Json["id"]!;
        _rule = (string)(await _admin.PostAsync("/meta/alerts/rules", new System.Text.Json.Nodes.JsonObject { ["name"] = "<script>alert(1)</script>", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5 })).Json["id"]!;
        _publisher = (string)(await _admin.PostAsync("/meta/publishers", new System.Text.Json.Nodes.JsonObject { ["name"] = $"p-{Guid.NewGuid():N}", ["description"] = "<script>alert(1)</script>" })).Json["id"]!;
        _user = (string)(await _admin.PostAsync("/meta/users", new System.Text.Json.Nodes.JsonObject { ["name"] = "<script>alert(1)</script>", ["mail"] = $"{Guid.NewGuid():N}@example.com", ["role"] = "viewer" })).Json["id"]!;
        _group = (string)(await _admin.PostAsync("/meta/account-groups", new System.Text.Json.Nodes.JsonObject { ["name"] = $"<script>alert(1)</script> {Guid.NewGuid():N}" })).Json["id"]!;
        var request = await _admin.NewRequestAsync();
        request["campaign_name"] = "<script>alert(1)</script>";
        _account = (string)request["social_account_id"]!;
        _run = await _admin.AcceptAsync(request);
        _batch = await _admin.AcceptBatchAsync(BatchWorld.FileOf(request.Row("<script>alert(1)</script>")));
        _campaign = (string)(await _admin.UntilAsync(_run, "succeeded"))["campaign_creation"]!["campaign_meta_id"]!;
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task No_page_lets_foreign_or_inline_script_run_or_is_kept()
    {
        foreach (var path in Pages())
        {
            using var answer = await _admin.Http.GetAsync(path);
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Multiple(() =>
            {
                Assert.That((int)answer.StatusCode, Is.EqualTo(200), path);
                Assert.That(string.Join(' ', answer.Headers.GetValues("Content-Security-Policy")), Does.Contain("default-src 'none'").And.Contain("script-src 'self'").And.Not.Contain("unsafe"), path);
                Assert.That(answer.Headers.CacheControl?.NoStore, Is.True, path);
                Assert.That(InlineScript().Matches(page), Is.Empty, path);
                Assert.That(page, Does.Not.Contain("<script>alert").And.Not.Match(@"\sstyle=").And.Not.Match(@"\son[a-z]+="), path);
            });
        }
    }

    [Test]
    public async Task No_question_breaks_a_page()
    {
        foreach (var path in Lists)
            foreach (var query in Odd.Append("?search=" + new string('x', 2000)))
            {
                using var answer = await _admin.Http.GetAsync(path + query);
                Assert.That((int)answer.StatusCode, Is.EqualTo(200).Or.EqualTo(404).Or.EqualTo(path == "/console/numbers/csv" ? 422 : 404), path + query);
                Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("<script>").And.Not.Contain("The run was accepted."), path + query);
            }
    }

    [Test]
    public async Task A_thing_that_is_not_there_is_told_as_such()
    {
        var nobody = Guid.NewGuid();
        foreach (var path in (string[])[$"/console/runs/{nobody}", $"/console/batches/{nobody}", $"/console/batches/{nobody}/csv", $"/console/accounts/{nobody}", $"/console/accounts/{nobody}/edit", "/console/nothing", "/console/campaigns/1", $"/console/publishers/{nobody}", $"/console/publishers/{nobody}/edit", $"/console/publishers/{nobody}/templates/{nobody}", $"/console/publishers/{nobody}/events/{nobody}", $"/console/webhooks/{nobody}", $"/console/webhooks/{nobody}/edit", $"/console/alerts/{nobody}", $"/console/alerts/rules/{nobody}", $"/console/alerts/rules/{nobody}/edit", $"/console/experiments/{nobody}", $"/console/budgets/{nobody}", $"/console/budgets/{nobody}/edit", $"/console/people/{nobody}", $"/console/people/{nobody}/edit", $"/console/people/groups/{nobody}", $"/console/webhooks/{_webhook}/deliveries/{nobody}", $"/console/campaigns/{_campaign}/publish/1", $"/console/campaigns/{_campaign}/explode/{_campaign}"])
        {
            using var answer = await _admin.Http.GetAsync(path);
            Assert.That((int)answer.StatusCode, Is.EqualTo(404), path);
        }
    }

    [Test]
    public async Task The_stop_is_the_stop_however_its_address_is_written()
    {
        foreach (var path in (string[])["/console/accounts/all/stop", "/console/accounts/all/Stop/", $"/console/accounts/{_account}/STOP"])
            Assert.That(await _admin.Http.GetStringAsync(path), Does.Contain("<button type=\"submit\" class=\"danger\">Stop "), path);
    }

    [Test]
    public async Task Every_page_is_read_in_Spanish_without_an_English_heading()
    {
        foreach (var path in Pages())
        {
            var page = await _admin.Http.GetStringAsync($"{path}{(path.Contains('?') ? '&' : '?')}lang=es");
            Assert.That(page, Does.Contain("<html lang=\"es\">"), path);
            foreach (Match heading in Heading().Matches(page))
                Assert.That(LanguageTests.Texts.Concat(LanguageTests.Short).Where(word => word.Key != word.Value).Select(word => word.Key), Does.Not.Contain(System.Net.WebUtility.HtmlDecode(heading.Groups[1].Value).Trim()), path);
        }
    }

    [Test]
    public async Task Every_input_has_a_label_and_every_page_one_heading()
    {
        foreach (var path in Pages())
        {
            var page = await _admin.Http.GetStringAsync(path);
            Assert.That(MainHeading().Matches(page), Has.Count.EqualTo(1), path);
            foreach (Match input in Input().Matches(page).Where(input => !input.Value.Contains("type=\"hidden\"", StringComparison.Ordinal)))
            {
                var id = Id().Match(input.Value).Groups[1].Value;
                var labelled = input.Value.Contains("aria-label", StringComparison.Ordinal) || (id.Length > 0 && page.Contains($"for=\"{id}\"", StringComparison.Ordinal))
                    || page.LastIndexOf("<label", input.Index, StringComparison.Ordinal) > page.LastIndexOf("</label", input.Index, StringComparison.Ordinal);
                Assert.That(labelled, Is.True, $"{path} {input.Value}");
            }
        }
    }

    [Test]
    public async Task A_post_without_a_role_for_it_or_without_its_proof_does_nothing()
    {
        using var viewer = _service.Client("viewer");
        foreach (var path in (string[])
            [
                $"/console/runs/{_run}/retry", $"/console/runs/{_run}/cancel", "/console/runs/bulk/retry", "/console/runs/bulk/cancel", "/console/new", "/console/accounts/new",
                $"/console/accounts/{_account}/edit", $"/console/accounts/{_account}/stop", $"/console/accounts/{_account}/start", "/console/accounts/all/stop", "/console/clips/new", "/console/clips/file", "/console/batches/new", $"/console/batches/{_batch}/pause", $"/console/batches/{_batch}/resume", $"/console/batches/{_batch}/cancel",
                "/console/campaigns/bulk/pause", "/console/campaigns/bulk/publish", "/console/webhooks/new", $"/console/webhooks/{_webhook}/edit", $"/console/webhooks/{_webhook}", $"/console/webhooks/{_webhook}/off",
                $"/console/webhooks/{_webhook}/rotate", $"/console/webhooks/{_webhook}/remove", $"/console/campaigns/{_campaign}/pause/{_campaign}", $"/console/campaigns/{_campaign}/change/{_campaign}", $"/console/campaigns/edits/{Guid.NewGuid()}/cancel", "/console/due", $"/console/approvals/{Guid.NewGuid()}/approve", $"/console/approvals/{Guid.NewGuid()}/reject", $"/console/freezes/{Guid.NewGuid()}/end", $"/console/experiments/{Guid.NewGuid()}/accept", $"/console/experiments/{Guid.NewGuid()}/stop", "/console/budgets/new", $"/console/budgets/{Guid.NewGuid()}/edit", $"/console/budgets/{Guid.NewGuid()}/mode/act", $"/console/budgets/{Guid.NewGuid()}/remove", $"/console/budgets/{Guid.NewGuid()}/proposals/{Guid.NewGuid()}/accept", $"/console/budgets/{Guid.NewGuid()}/proposals/{Guid.NewGuid()}/decline", "/console/alerts/rules/new", $"/console/alerts/rules/{_rule}/edit", $"/console/alerts/rules/{_rule}/off", $"/console/alerts/rules/{_rule}/remove", $"/console/alerts/{Guid.NewGuid()}/mute",
                "/console/publishers/new", $"/console/publishers/{_publisher}/edit", $"/console/publishers/{_publisher}/off", $"/console/publishers/{_publisher}/rotate", $"/console/publishers/{_publisher}/remove", $"/console/publishers/{_publisher}/take",
                $"/console/publishers/{_publisher}/templates/{_account}", $"/console/publishers/{_publisher}/templates/{_account}/remove", $"/console/publishers/{_publisher}/events/{Guid.NewGuid()}/take",
                "/console/people/new", $"/console/people/{_user}", $"/console/people/{_user}/edit", $"/console/people/{_user}/link", $"/console/people/{_user}/disable", $"/console/people/{_user}/enable", "/console/people/groups/new", $"/console/people/groups/{_group}", $"/console/people/groups/{_group}/remove",
            ])
        {
            using var refused = await viewer.Http.PostAsync(path, new FormUrlEncodedContent([]));
            Assert.That((int)refused.StatusCode, Is.EqualTo(403), path);
            using var forged = await _admin.Http.PostAsync(path, new FormUrlEncodedContent([new("do", "run"), new("back", "https://elsewhere.example")]));
            Assert.That((int)forged.StatusCode, Is.EqualTo(302).Or.EqualTo(path == "/console/new" ? 422 : 302), path);
            if (forged.Headers.Location is { } location) Assert.That(location.ToString(), Does.StartWith("/console").And.Contain("problem="), path);
            // What another site's page can send without asking first.
            using var plain = await _admin.Http.PostAsync(path, new StringContent("do=run", System.Text.Encoding.UTF8, "text/plain"));
            Assert.That((int)plain.StatusCode == 302 ? plain.Headers.Location!.ToString() : "problem=", Does.Contain("problem="), path);
            Assert.That((int)plain.StatusCode, Is.EqualTo(302).Or.InRange(400, 499), path);
        }
    }

    private IEnumerable<string> Pages() =>
    [
        .. Lists.Where(path => !path.EndsWith("csv", StringComparison.Ordinal)), $"/console/runs/{_run}", "/console/new", $"/console/accounts/{_account}", $"/console/accounts/{_account}/edit",
        $"/console/accounts/{_account}/stop", "/console/accounts/new", "/console/accounts/all/stop", "/console/clips/new", "/console/clips/file", "/console/webhooks/new", $"/console/webhooks/{_webhook}", $"/console/webhooks/{_webhook}/edit", "/console/budgets/new", "/console/alerts/rules/new", $"/console/alerts/rules/{_rule}", $"/console/alerts/rules/{_rule}/edit",
        "/console/publishers/new", $"/console/publishers/{_publisher}", $"/console/publishers/{_publisher}/edit", $"/console/publishers/{_publisher}/templates/{_account}",
        "/console/people/new", $"/console/people/{_user}", $"/console/people/{_user}/edit", "/console/people/groups/new", $"/console/people/groups/{_group}",
        $"/console/campaigns/{_campaign}", $"/console/campaigns/{_campaign}/publish/{_campaign}", $"/console/campaigns/{_campaign}/change/{_campaign}", $"/console/campaigns/bulk/publish?ids={_campaign}",
    ];

    [GeneratedRegex("<script(?![^>]*src=\"/console/assets/)")]
    private static partial Regex InlineScript();

    [GeneratedRegex("<(?:h1|h2|th|legend|label)[^>]*>([^<]+)<")]
    private static partial Regex Heading();

    [GeneratedRegex("<h1[ >]")]
    private static partial Regex MainHeading();

    [GeneratedRegex("<(?:input|select|textarea|progress|meter)[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex("\\sid=\"([^\"]+)\"")]
    private static partial Regex Id();
}
