using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>The service under a path, as a proxy in front of it shows it. With a real one, and a browser: NginxTests.</summary>
[TestFixture]
public sealed class PathPrefixTests
{
    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await Service.StartAsync(workers: 0, database: null, ("PATH_BASE", "/ads"), ("FORWARDEDHEADERS_ENABLED", "true"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _service.DisposeAsync();

    [TestCase("""<a href="/console?a=1#b">""", """<a href="/ads/console?a=1#b">""")]
    [TestCase("""<form action="/"><button formaction="/x"><img src="/y">""", """<form action="/ads/"><button formaction="/ads/x"><img src="/ads/y">""")]
    [TestCase("""<a href="/ads"><a href="/ads/console"><a href="/adsense">""", """<a href="/ads"><a href="/ads/console"><a href="/ads/adsense">""")]
    [TestCase("""<a href="//cdn/x"><a href="https://x/y"><a href="#z"><a href="?q"><i data-href="/x"><input value="/console">""", """<a href="//cdn/x"><a href="https://x/y"><a href="#z"><a href="?q"><i data-href="/x"><input value="/console">""")]
    public void Links_that_lead_here_get_the_prefix_once(string page, string expected) => Assert.That(PathPrefix.OfPage("/ads", page), Is.EqualTo(expected));

    // Whether the proxy hands the path on as it came, or takes the prefix away.
    [TestCase("/ads")]
    [TestCase("")]
    public async Task All_that_is_followed_leads_back_under_the_prefix(string sent)
    {
        using var stranger = _service.Client(role: null);
        var away = await stranger.GetAsync($"{sent}/console");
        Assert.That((away.Code, away.Header("Location")), Is.EqualTo((302, "/ads/signin?ReturnUrl=%2Fads%2Fconsole")));
        var form = await stranger.GetAsync($"{sent}/signin?returnUrl=/ads/console");
        Assert.That(form.Text, Does.Contain("action=\"/ads/signin\"").And.Contain("value=\"/ads/console\""));

        using var admin = _service.Client();
        var page = await admin.GetAsync($"{sent}/console");
        Assert.That((page.Code, page.Message.Content.Headers.ContentType?.MediaType), Is.EqualTo((200, "text/html")), page.Text);
        Assert.That(page.Text, Does.Contain("href=\"/ads/console/accounts\"").And.Contain("src=\"/ads/console/assets/console.js?v=").And.Not.Contain("=\"/console"));
        Assert.That((await admin.GetAsync($"{sent}/hangfire")).Text, Does.Contain("/ads/hangfire/").And.Not.Contain("\"/hangfire"));
        Assert.That((await admin.GetAsync($"{sent}/console/assets/console.js")).Code, Is.EqualTo(200));

        var request = await admin.NewRequestAsync();
        var accepted = await admin.PostAsync($"{sent}/meta/orchestrate/run", request);
        var run = (string)accepted.Json["status_url"]!;
        Assert.That(run, Does.StartWith("/ads/meta/orchestrate/runs/"));
        Assert.That(accepted.Header("Location"), Is.EqualTo(run));
        Assert.That((await admin.GetAsync(run)).Code, Is.EqualTo(200));
        var csv = await admin.SendAsync(HttpMethod.Get, $"{sent}/meta/insights?social_account_id={request["social_account_id"]}&since=2026-01-01&until=2026-01-02", null, ("Accept", "text/csv"));
        Assert.That((csv.Code, csv.Message.Content.Headers.ContentType?.MediaType), Is.EqualTo((200, "text/csv")), csv.Text);
    }

    [Test]
    public async Task Behind_TLS_the_cookies_are_secure()
    {
        using var stranger = _service.Client(role: null);
        Assert.That((await stranger.GetAsync("/ads/signin")).Header("Set-Cookie"), Does.Contain("path=/ads").And.Not.Contain("secure"), "over HTTP, a secure cookie would be lost");
        var form = await stranger.SendAsync(HttpMethod.Get, "/ads/signin?language=es", null, ("X-Forwarded-Proto", "https"));
        Assert.That(form.Header("Set-Cookie")!.Split("metaadsjobs_").Skip(1), Has.All.Contain("secure"));
    }

    [Test]
    public async Task A_live_page_is_not_held_back_by_a_proxy_nor_by_the_prefix()
    {
        using var http = new HttpClient { BaseAddress = _service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Service.Token("viewer"));
        using var live = await http.GetAsync("/ads/console/live", HttpCompletionOption.ResponseHeadersRead);
        Assert.That(live.Headers.GetValues("X-Accel-Buffering"), Is.EqualTo((string[])["no"]));
        using var lines = new StreamReader(await live.Content.ReadAsStreamAsync());
        Assert.That(await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)), Is.EqualTo("event: open"));
    }

    [Test]
    public async Task Probes_and_scrapes_fill_no_log()
    {
        using var stranger = _service.Client(role: null);
        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics", "/health/ready"]) await stranger.GetAsync(path);
        await stranger.GetAsync("/meta/accounts?a=probe");
        await Eventually.TrueAsync(() => Task.FromResult(_service.Logs().Contains("/meta/accounts", StringComparison.Ordinal)), () => "other calls are logged", _service.Logs);
        Assert.That(_service.Logs().Split('\n').Where(line => line.Contains(" responded ", StringComparison.Ordinal) && (line.Contains("/health/", StringComparison.Ordinal) || line.Contains("/metrics", StringComparison.Ordinal))), Is.Empty);
        Assert.That(_service.Logs().Split("Not ready: ").Length - 1, Is.EqualTo(1), "what has changed is told once");
    }
}
