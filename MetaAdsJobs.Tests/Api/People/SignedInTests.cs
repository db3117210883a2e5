using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>What a cookie, a link and an issuer's word are good for, and for how long.</summary>
[TestFixture]
public sealed partial class SignedInTests : SharedPagesTests
{
    /// <summary>Whoever has copied it before.</summary>
    [Test]
    public async Task A_cookie_opens_nothing_once_its_browser_has_signed_out()
    {
        var (program, _, _, _, secret) = await _service.ProgramAsync(_admin, "viewer");
        program.Dispose();
        using var browser = new Browser(_service.BaseUrl);
        await browser.SignInAsync(secret);
        using var copied = browser.Copy();
        Assert.That((await copied.GetAsync("/console/me")).Code, Is.EqualTo(200));
        Assert.That((await browser.SendAsync("/signout", "/signout")).Code, Is.EqualTo(302));
        Assert.That((await copied.GetAsync("/console/me")).Location, Does.Contain("/signin"));
    }

    [Test]
    public async Task Who_signs_in_again_at_a_browser_has_one_session_there()
    {
        var (program, _, userId, _, secret) = await _service.ProgramAsync(_admin, "viewer");
        program.Dispose();
        using var browser = new Browser(_service.BaseUrl);
        await browser.SignInAsync(secret);
        using var copied = browser.Copy();
        await browser.SignInAsync(secret);
        Assert.That((await copied.GetAsync("/console/me")).Location, Does.Contain("/signin"));
        Assert.That((await browser.GetAsync("/console/me")).Code, Is.EqualTo(200));
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.QueryAsync<string?>("SELECT ended_why FROM sessions WHERE user_id = @userId::uuid ORDER BY id", new { userId }), Is.EqualTo(["signed in again", null]));
    }

    [Test]
    public async Task A_session_that_a_key_has_opened_ends_when_the_key_does()
    {
        var user = (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!;
        var (id, secret) = await _admin.AddKeyAsync(user, new JsonObject { ["name"] = "short", ["expires_at"] = "2100-01-01T00:00:00Z" });
        using var visitor = await Visitor.ByKeyAsync(_service, secret);
        Assert.That((await visitor.GetAsync("/console/me")).Code, Is.EqualTo(200));
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = @id::uuid", new { id });
        Assert.That((await visitor.GetAsync("/console/me")).Location, Does.Contain("/signin"));
    }

    /// <summary>What its issuer calls somebody may be the mail of a user here.</summary>
    [Test]
    public async Task A_token_of_a_users_mail_finds_and_ends_no_session_of_that_user()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        using var person = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!);
        using var stranger = await Visitor.ByKeyAsync(_service, Service.Token("viewer", (string)user["mail"]!));
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var session = await connection.ExecuteScalarAsync<Guid>("SELECT id FROM sessions WHERE user_id = @id::uuid", new { id = (string?)user["id"] });

        Assert.That((await stranger.GetAsync("/console/me")).Text, Does.Not.Contain($"{session}"));
        await stranger.PostAsync($"/console/me/sessions/{session}/end");
        Assert.That((await person.GetAsync("/console/me")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task A_link_opens_the_console_within_a_day()
    {
        var user = Guid.Parse((string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!);
        var time = new ShiftedTime();
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time);
        var links = core.GetRequiredService<SignInLinks>();
        async Task<string> MadeAsync() => ((PeopleSaved<User>.Done)await links.MakeAsync(user, CancellationToken.None)).Secret!;
        var (one, other) = (await MadeAsync(), await MadeAsync());
        time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(1));
        Assert.That(await links.UseAsync(one, CancellationToken.None), Is.Not.Null);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(await links.UseAsync(other, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task What_the_issuer_says_of_somebodys_groups_is_what_he_sees_from_then_on()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (first, second) = (await GroupAsync(one), await GroupAsync(other));
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null);
        var signIn = core.GetRequiredService<SignInPerson>();
        var mail = $"{Guid.NewGuid():N}@example.com";
        Task<User?> SaidAsync(string role, params string[] groups) => signIn.ExecuteAsync(new(mail, "Somebody", [role], groups), CancellationToken.None);
        var user = (await SaidAsync("viewer", first))!;
        using var program = _service.With((await _admin.AddKeyAsync($"{user.Id}")).Secret);
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([200, 404]));

        Assert.That((await SaidAsync("viewer", second))!.Groups.Select(grant => grant.MaySpend), Is.EqualTo([false]));
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([404, 200]));
        Assert.That((await SaidAsync("manager", first, second))!.Groups.Select(grant => grant.MaySpend), Is.EqualTo([true, true]));
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([200, 200]));
        await SaidAsync("manager");
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([404, 404]));

        // What an admin has given beside it goes with the next sign-in.
        await _admin.PatchAsync($"/meta/users/{user.Id}", new JsonObject { ["accounts"] = Persons.Grants(one) });
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([200, 404]));
        await SaidAsync("manager");
        Assert.That(await SeenAsync(program, one, other), Is.EqualTo([404, 404]));
    }

    private async Task<string> GroupAsync(string account)
    {
        var name = $"{Guid.NewGuid()}";
        Assert.That((await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = name, ["account_ids"] = new JsonArray(account) })).Code, Is.EqualTo(201));
        return name;
    }

    private static async Task<IReadOnlyList<int>> SeenAsync(ApiClient client, params string[] accounts)
    {
        var codes = new List<int>();
        foreach (var account in accounts) codes.Add((await client.GetAsync($"/meta/accounts/{account}")).Code);
        return codes;
    }

    /// <summary>One whose cookies can be copied.</summary>
    private sealed class Browser : IDisposable
    {
        private readonly CookieContainer _cookies = new();
        private readonly HttpClient _http;

        public Browser(Uri service) =>
            _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = _cookies }) { BaseAddress = service, DefaultRequestHeaders = { Accept = { new MediaTypeWithQualityHeaderValue("text/html") } } };

        /// <summary>Another one that has been given all cookies of this one, as they are now.</summary>
        public Browser Copy()
        {
            var copy = new Browser(_http.BaseAddress!);
            foreach (Cookie cookie in _cookies.GetAllCookies()) copy._cookies.Add(_http.BaseAddress!, new Cookie(cookie.Name, cookie.Value, cookie.Path));
            return copy;
        }

        public async Task SignInAsync(string key) => Assert.That((await SendAsync("/signin", "/signin", ("token", key), ("returnUrl", "/console"))).Location, Is.EqualTo("/console"));

        public async Task<(int Code, string Location)> GetAsync(string path)
        {
            using var answer = await _http.GetAsync(path);
            return ((int)answer.StatusCode, answer.Headers.Location?.ToString() ?? "");
        }

        /// <param name="page">That shows the form.</param>
        public async Task<(int Code, string Location)> SendAsync(string path, string page, params IEnumerable<(string Name, string Value)> fields)
        {
            var values = fields.ToDictionary(field => field.Name, field => field.Value);
            values["__RequestVerificationToken"] = WebUtility.HtmlDecode(Proof().Match(await _http.GetStringAsync(page)).Groups[1].Value);
            using var form = new FormUrlEncodedContent(values);
            using var answer = await _http.PostAsync(path, form);
            return ((int)answer.StatusCode, answer.Headers.Location?.ToString() ?? "");
        }

        public void Dispose() => _http.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*? value=\"([^\"]+)\"")]
    private static partial Regex Proof();
}
