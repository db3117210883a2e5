using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Console;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

[TestFixture, HasServiceAlone]
public sealed class RateLimitTests
{
    // Far more than twice the rate at once, and than what a slow machine's time adds to that.
    private const int TooMany = SharedServices.FewCallsPerSecond * 10;
    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await SharedServices.WithFewOfEverything;

    [Test]
    public async Task A_caller_who_calls_too_often_is_told_when_to_come_back_and_others_are_not_held_up()
    {
        using var hasty = _service.Client("viewer", "hasty");
        using var other = _service.Client("viewer", "other");
        var answers = await FloodAsync(() => hasty.GetAsync("/meta/accounts?limit=1"));

        var refused = answers.Where(answer => answer.Code == 429).ToList();
        Assert.That(answers.Count(answer => answer.Code == 200), Is.GreaterThanOrEqualTo(2 * SharedServices.FewCallsPerSecond), "twice the rate at once");
        Assert.That(refused, Is.Not.Empty);
        foreach (var answer in refused) answer.AssertProblem(429);
        Assert.That(refused.Select(answer => answer.Header("Retry-After")), Is.All.EqualTo("1"));

        Assert.That((await other.GetAsync("/meta/accounts")).Code, Is.EqualTo(200));
        Assert.That((await hasty.GetAsync("/health/live")).Code, Is.EqualTo(200), "health is not limited");
        await Eventually.TrueAsync(async () => (await hasty.GetAsync("/meta/accounts")).Code == 200, () => "the bucket was never filled again");
    }

    [Test]
    public async Task A_program_that_calls_too_often_does_not_hold_up_another_with_a_key_of_the_same_user()
    {
        using var admin = _service.Client("admin", "who gives keys");
        var (hasty, _, userId, _, _) = await _service.ProgramAsync(admin, "viewer");
        using var other = _service.With((await admin.AddKeyAsync(userId)).Secret);
        // Keys that nobody has seen are few a minute; these are known from here on.
        foreach (var client in (ApiClient[])[hasty, other]) Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        using (hasty) Assert.That((await FloodAsync(() => hasty.GetAsync("/meta/me"))).Select(answer => answer.Code), Does.Contain(429));

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * SharedServices.FewCallsPerSecond).Select(_ => other.GetAsync("/meta/me")));
        Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(200));
    }

    [Test]
    public async Task Who_sends_much_in_a_publishers_name_without_its_signature_is_held_up_and_callers_with_a_token_are_not()
    {
        using var stranger = _service.Client(role: null);
        using var other = _service.Client("viewer", "beside a stranger");
        var answers = await FloodAsync(() => stranger.PostAsync("/meta/events/clip-published?publisher=studio", new JsonObject(), ("webhook-id", "1"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,")));

        Assert.That(answers.Select(answer => answer.Code).Distinct(), Is.EquivalentTo([401, 429]));
        Assert.That((await other.GetAsync("/meta/accounts")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task A_stop_is_never_refused_however_often_its_caller_has_called()
    {
        using var admin = _service.Client("admin", "the owner");
        var account = await admin.AddAccountAsync();
        using var hasty = _service.Client("manager", "frightened");
        await FloodAsync(() => hasty.GetAsync("/meta/accounts?limit=1"));

        Assert.That(await CodesAsync(() => hasty.PostAsync($"/meta/accounts/{account}/stop", new JsonObject { ["reason"] = "!" })), Is.EqualTo([202]));
        Assert.That(await CodesAsync(() => hasty.GetAsync($"/console/accounts/{account}/stop")), Is.EqualTo([200]), "the page with the button");
        Assert.That(await CodesAsync(() => hasty.PostAsync("/console/accounts/all/stop")), Is.EqualTo([302]), "what comes of a form that nobody was shown");
        // Of all accounts, with a reason that is none, so that nobody else is stopped.
        Assert.That(await CodesAsync(() => admin.PostAsync("/meta/stop", new JsonObject { ["reason"] = 7 })), Is.EqualTo([422]));
        Assert.That((await admin.PostAsync($"/meta/accounts/{account}/start", new JsonObject())).Code, Is.EqualTo(202));
        var pressed = await hasty.SendFormAsync($"/console/accounts/{account}/stop", ("reason", "too much"));
        Assert.That(pressed.Code, Is.EqualTo(HttpStatusCode.Redirect), pressed.Text);
        Assert.That((string?)(await admin.GetAsync($"/meta/accounts/{account}/spending")).Json["reason"], Is.EqualTo("too much"));
        Assert.That((await hasty.SendAsync(HttpMethod.Post, $"/meta/accounts/{account}/stop", new string(' ', 70_000))).Code, Is.EqualTo(413), "without a limit of calls, each must be small");
    }

    [Test]
    public async Task Two_people_at_one_address_have_pages_of_their_own_and_programs_of_theirs_leave_them_alone()
    {
        var (one, other) = (await SignInAsync("one@tests"), await SignInAsync("other@tests"));
        using var program = _service.Client("manager", "other@tests");
        await FloodAsync(() => program.GetAsync("/meta/accounts?limit=1"));

        var answers = await FloodAsync(() => PostAsync("/console/runs/bulk/retry", one));

        var refused = answers.FirstOrDefault(answer => answer.Code == 429);
        Assert.That(refused, Is.Not.Null);
        Assert.That((refused!.Message.Content.Headers.ContentType?.MediaType, refused.Header("Retry-After")), Is.EqualTo(("text/html", "1")), "a person is told as people are");
        Assert.That(refused.Text, Does.Contain("Nothing was done."));
        for (var i = 0; i < SharedServices.FewCallsPerSecond; i++) Assert.That((await PostAsync("/console/runs/bulk/retry", other)).Code, Is.EqualTo(302));
        await Eventually.TrueAsync(async () => (await GetAsync("/console/clips", one)).Code == 200, () => "the person never gets a page again");
        Assert.That((await FloodAsync(() => GetAsync("/console/clips", one))).Select(answer => answer.Code), Does.Contain(429), "pages count like forms");
    }

    [Test]
    public async Task An_address_may_send_few_sign_in_forms_a_minute_and_is_told_so_and_another_is_not_held_up()
    {
        using var stranger = Client("127.0.0.2");
        using var neighbour = Client("127.0.0.3");

        var answers = await FloodAsync(() => SendAsync(stranger, Form("token=nonsense")));

        Assert.That(answers.Select(answer => answer.Code).Distinct().Order(), Is.EqualTo([400, 429]), "a form that nobody was shown, until it is too much");
        Assert.That(answers.Count(answer => answer.Code == 400), Is.GreaterThanOrEqualTo(SharedServices.FewSignIns));
        var refused = answers.First(answer => answer.Code == 429);
        Assert.That(refused.Message.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/html"));
        Assert.That(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), Is.InRange(1, 60));
        Assert.That((await SendAsync(stranger, new(HttpMethod.Get, "/signin"))).Code, Is.EqualTo(200), "the page itself can be read");
        Assert.That((await SendAsync(neighbour, Form("token=nonsense"))).Code, Is.EqualTo(400));
    }

    [Test]
    public async Task A_form_of_strangers_is_small_and_one_that_cannot_be_read_is_no_error_of_the_services()
    {
        using var stranger = Client("127.0.0.4");
        Assert.That((await SendAsync(stranger, Form($"token={new string('x', 70_000)}"))).Code, Is.EqualTo(413));
        Assert.That((await SendAsync(stranger, Form(string.Join('&', Enumerable.Range(0, 5000).Select(i => $"f{i}="))))).Code, Is.EqualTo(400));
        var session = await SignInAsync("three@tests");
        Assert.That((await PostAsync("/console/runs/bulk/retry", session, new string('x', 1_100_000))).Code, Is.EqualTo(413));
        Assert.That((await PostAsync("/console/new", session, string.Join('&', Enumerable.Range(0, 21_000).Select(i => $"f{i}=")))).Code, Is.EqualTo(400));
        Assert.That(_service.Logs(), Does.Not.Contain("AntiforgeryValidationException"));
    }

    [Test]
    public async Task The_sign_in_page_tells_a_stranger_nothing_about_how_tokens_are_made()
    {
        using var stranger = Client("127.0.0.5");
        Assert.That((await SendAsync(stranger, new(HttpMethod.Get, "/signin"))).Text, Does.Contain("access token").And.Not.Contain("./run").And.Not.Contain("admin"));
    }

    private static async Task<List<ApiAnswer>> FloodAsync(Func<Task<ApiAnswer>> call) => [.. await Task.WhenAll(Enumerable.Range(0, TooMany).Select(_ => call()))];

    private static async Task<int[]> CodesAsync(Func<Task<ApiAnswer>> call) => [.. (await FloodAsync(call)).Select(answer => answer.Code).Distinct()];

    private async Task<string> SignInAsync(string subject)
    {
        using var browser = Client("127.0.0.1");
        var shown = await SendAsync(browser, new(HttpMethod.Get, "/signin"));
        var cookie = Cookies(shown);
        var proof = Regex.Match(shown.Text, "name=\"(__RequestVerificationToken)\" value=\"([^\"]+)\"");
        using var form = Form($"{proof.Groups[1]}={Uri.EscapeDataString(WebUtility.HtmlDecode(proof.Groups[2].Value))}&token={Service.Token("manager", subject)}&returnUrl=/console");
        form.Headers.Add("Cookie", cookie);
        var answer = await SendAsync(browser, form);
        Assert.That(answer.Code, Is.EqualTo(302), answer.Text);
        return Cookies(answer);
    }

    private static string Cookies(ApiAnswer answer) => string.Join("; ", answer.Message.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));

    private async Task<ApiAnswer> PostAsync(string path, string cookie, string fields = "")
    {
        using var browser = Client("127.0.0.1");
        using var form = Form(fields, path);
        form.Headers.Add("Cookie", cookie);
        return await SendAsync(browser, form);
    }

    private async Task<ApiAnswer> GetAsync(string path, string cookie)
    {
        using var browser = Client("127.0.0.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Cookie", cookie }, { "Accept", "text/html" } } };
        return await SendAsync(browser, request);
    }

    private static HttpRequestMessage Form(string fields, string path = "/signin") => new(HttpMethod.Post, path)
    {
        Headers = { { "Accept", "text/html" } },
        Content = new StringContent(fields, MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded")),
    };

    private static async Task<ApiAnswer> SendAsync(HttpClient http, HttpRequestMessage request)
    {
        using var sent = request;
        var answer = await http.SendAsync(sent);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Somebody at this address of the machine.</summary>
    private HttpClient Client(string address) => new(new Addressed(address)) { BaseAddress = _service.BaseUrl };
}
