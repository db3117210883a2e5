using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Debian's nginx with TLS and a path, as docs/hosting.md writes it, a real browser before it and the service behind it.</summary>
[TestFixture]
[Long]
public sealed partial class NginxTests
{
    private readonly int _port = Launcher.FreePort();
    private Service _service = null!;
    private DebianProgram _nginx = null!;
    private Chromium _chromium = null!;

    private Uri Address => new($"https://127.0.0.1:{_port}/ads/");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1, database: null, ("PATH_BASE", "/ads"), ("FORWARDEDHEADERS_ENABLED", "true"));
        var server = Block().Match(await File.ReadAllTextAsync(Path.Combine(MetaAdsJobs.Launch.ProjectFolder.Path, "docs/hosting.md"))).Groups[1].Value
            .Replace("listen 443 ssl", $"listen 127.0.0.1:{_port} ssl", StringComparison.Ordinal).Replace("127.0.0.1:8080", _service.BaseUrl.Authority, StringComparison.Ordinal)
            .Replace("/etc/ssl/ads/", "*/", StringComparison.Ordinal);
        var (certificate, key) = Certificate();
        _nginx = await DebianProgram.StartAsync("/usr/sbin/nginx", ["-p", "*/", "-c", "*/nginx.conf", "-e", "stderr"], ("fullchain.pem", certificate), ("privkey.pem", key),
            ("nginx.conf", $"daemon off; pid */nginx.pid; error_log stderr; events {{}} http {{ access_log off; client_body_temp_path */body; proxy_temp_path */proxy; fastcgi_temp_path */f; uwsgi_temp_path */u; scgi_temp_path */s;\n{server}\n}}"));
        _chromium = await Chromium.StartAsync();
        using var http = Http();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await http.GetAsync("health/ready")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => "nginx does not answer", () => _nginx.Log);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _chromium.DisposeAsync();
        await _nginx.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_person_signs_in_watches_a_page_live_sees_the_dashboard_and_signs_out()
    {
        var page = await _chromium.VisitAsync(Address);
        await page.GotoAsync("console?status=failed");
        await page.EnterTokenAsync(Service.Token("admin"));
        await Expect(page).ToHaveURLAsync(new Uri(Address, "console?status=failed").ToString());
        Assert.That((await page.Context.CookiesAsync()).Select(cookie => (cookie.Path, cookie.Secure)).Distinct(), Is.EqualTo(new[] { ("/ads", true) }));

        await page.GotoAsync("console");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        using var api = _service.Client();
        var request = await api.AcceptAsync(await api.NewRequestAsync());
        await Expect(page.Locator($"a[href='/ads/console/runs/{request}']").First).ToBeVisibleAsync();

        // Every page of the navigation, by its link, and its style and script are there.
        var links = await page.Locator("nav a").EvaluateAllAsync<string[]>("all => all.map(one => one.getAttribute('href'))");
        Assert.That(links, Has.Length.GreaterThan(5).And.All.StartWith("/ads/"));
        var broken = new List<string>();
        page.Response += (_, answer) =>
        {
            if (answer.Status >= 400) broken.Add($"{answer.Status} {answer.Url}");
        };
        foreach (var link in links.Distinct()) await page.GotoAsync(new Uri(Address, link).ToString());
        await page.GotoAsync("hangfire");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Overview" }).Or(page.Locator("h1")).First).ToBeVisibleAsync();
        await page.GotoAsync("hangfire/jobs/succeeded");
        await page.GotoAsync("swagger/index.html");
        await Expect(page.Locator(".opblock").First).ToBeVisibleAsync();
        Assert.That(broken, Is.Empty);

        await page.GotoAsync("signout");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(SignIn());
        await page.GotoAsync("console");
        await Expect(page).ToHaveURLAsync(SignIn());
    }

    [Test]
    public async Task A_form_of_the_console_is_sent_and_leads_on()
    {
        var page = await _chromium.VisitAsync(Address);
        await page.GotoAsync("console/clips/new");
        await page.EnterTokenAsync(Service.Token("admin"));
        await page.Locator("input[name='title']").FillAsync("Behind nginx");
        await page.Locator("input[name='image_url']").FillAsync("https://cdn.example.com/clip.jpg");
        await page.Locator("main button[type='submit'], form.new button[type='submit'], form[action$='/clips/new'] button[type='submit']").First.ClickAsync();
        await Expect(page).ToHaveURLAsync(Clips());
        await Expect(page.Locator("body")).ToContainTextAsync("Behind nginx");
    }

    [Test]
    public async Task Rows_leave_as_CSV_and_a_call_that_waits_is_not_cut()
    {
        using var api = _service.Client();
        using var http = Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", Service.Token("admin"));
        var request = await api.NewRequestAsync();
        using var waits = new HttpRequestMessage(HttpMethod.Post, "meta/orchestrate/run") { Content = new StringContent(request.ToJsonString(), null, "application/json"), Headers = { { "Prefer", "wait=60" } } };
        using var answer = await http.SendAsync(waits);
        Assert.That((int)answer.StatusCode, Is.EqualTo(200).Or.EqualTo(202), await answer.Content.ReadAsStringAsync());

        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, reach, spend, currency, raw, is_partial, synced_at)
                SELECT @Id::uuid, current_date - 1, 'a' || n, 's', 'c', 1, 1, 1, 1, 'USD', '{}', false, now() FROM generate_series(1, 20000) n
                """, new { Id = (string)request["social_account_id"]! });
        using var csv = new HttpRequestMessage(HttpMethod.Get, $"meta/insights?social_account_id={request["social_account_id"]}&since={TimeProvider.System.GetUtcNow().AddDays(-3):yyyy-MM-dd}&until={TimeProvider.System.GetUtcNow():yyyy-MM-dd}") { Headers = { { "Accept", "text/csv" } } };
        using var rows = await http.SendAsync(csv);
        Assert.That((await rows.Content.ReadAsStringAsync()).Split('\n').Length, Is.GreaterThan(20000));
    }

    [TestCase("metrics")]
    [TestCase("metrics/")]
    [TestCase("Metrics")]
    [TestCase("METRICS/?x=1")]
    public async Task Nobody_outside_reads_the_metrics(string path)
    {
        using var http = Http();
        using var answer = await http.GetAsync(path);
        Assert.That((int)answer.StatusCode, Is.EqualTo(403));
    }

    private HttpClient Http() => new(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=127.0.0.1" } }) { BaseAddress = Address };

    private static (string Certificate, string Key) Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"```nginx\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("/ads/signin")]
    private static partial Regex SignIn();

    [GeneratedRegex(@"/ads/console/clips\b(?!/new)")]
    private static partial Regex Clips();
}
