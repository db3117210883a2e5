using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Auth;

[TestFixture]
public sealed partial class OidcTests
{
    private const string Audience = "ads";
    private static readonly string[] Both = ["manager", "staff"];

    [Test]
    public async Task Tokens_of_an_authority_are_taken_with_the_role_they_name()
    {
        await using var issuer = await OidcIssuer.StartAsync();
        await using var service = await Service.StartAsync(workers: 0, database: null, ("AUTH_SIGNING_KEY", ""), ("AUTH_AUTHORITY", issuer.Url), ("AUTH_AUDIENCE", Audience));

        Assert.That(await ReadAsync(service, issuer.Token(Audience, null, ("role", "viewer"))), Is.EqualTo(200));
        Assert.That(await WriteAsync(service, issuer.Token(Audience, null, ("role", "viewer"))), Is.EqualTo(403));
        Assert.That(await WriteAsync(service, issuer.Token(Audience, null, ("role", "admin"))), Is.EqualTo(422), "an admin gets as far as the body");
        Assert.That(await ReadAsync(service, issuer.Token(Audience, null, ("roles", "viewer"))), Is.EqualTo(403), "the claim must be the configured one");

        Assert.That(await ReadAsync(service, issuer.Token(Audience, null, ("role", "viewer"), ("sub", ""))), Is.EqualTo(401), "all that name nobody would be one caller");

        using var forged = RSA.Create(2048);
        Assert.That(await ReadAsync(service, issuer.Token(Audience, forged, ("role", "admin"))), Is.EqualTo(401));
        Assert.That(await ReadAsync(service, issuer.Token("another service", null, ("role", "admin"))), Is.EqualTo(401));
        Assert.That(await ReadAsync(service, Service.Token("admin")), Is.EqualTo(401), "a token of our own key");
    }

    [Test]
    public async Task The_claim_that_holds_the_roles_can_be_named_and_may_hold_several()
    {
        await using var issuer = await OidcIssuer.StartAsync();
        await using var service = await Service.StartAsync(
            workers: 0, database: null, ("AUTH_SIGNING_KEY", ""), ("AUTH_AUTHORITY", issuer.Url), ("AUTH_AUDIENCE", Audience), ("AUTH_ROLE_CLAIM", "roles"));

        var several = issuer.Token(Audience, null, [.. Both.Select(role => ("roles", role))]);
        Assert.That(await ReadAsync(service, several), Is.EqualTo(200));
        Assert.That(await WriteAsync(service, several), Is.EqualTo(403));
        Assert.That(await WriteAsync(service, issuer.Token(Audience, null, ("roles", "admin"))), Is.EqualTo(422));
        Assert.That(await ReadAsync(service, issuer.Token(Audience, null, ("role", "admin"))), Is.EqualTo(403));
    }

    [Test]
    public async Task Where_a_claim_names_accounts_a_token_and_its_session_see_these_and_no_others()
    {
        await using var issuer = await OidcIssuer.StartAsync();
        await using var service = await Service.StartAsync(
            workers: 0, database: null, ("AUTH_SIGNING_KEY", ""), ("AUTH_AUTHORITY", issuer.Url), ("AUTH_AUDIENCE", Audience), ("AUTH_ACCOUNTS_CLAIM", "accounts"));
        string TokenFor(params IEnumerable<string> accounts) => issuer.Token(Audience, null, [("role", "admin"), .. accounts.Select(account => ("accounts", account))]);
        using var all = service.With(TokenFor("*"));
        var (one, other) = (await all.AddAccountAsync(account => account["name"] = "One of them"), await all.AddAccountAsync(account => account["name"] = "The other"));

        using var some = service.With(TokenFor(one));
        Assert.That((await some.GetAsync("/meta/accounts")).Json["items"]!.AsArray().Select(account => (string)account!["id"]!), Is.EqualTo([one]));
        Assert.That((await some.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(404));
        Assert.That((await some.PostAsync($"/meta/accounts/{one}/stop")).Code, Is.EqualTo(202));
        Assert.That((await some.GetAsync("/meta/users")).Code, Is.EqualTo(403), "of all accounts together");
        using var none = service.With(TokenFor());
        Assert.That((await none.GetAsync("/meta/accounts")).Json["items"]!.AsArray(), Is.Empty, "an issuer that names none has not said all");
        Assert.That(await ReadAsync(service, TokenFor("shop 7")), Is.EqualTo(401));

        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = service.BaseUrl };
        var proof = HiddenField().Match(await browser.GetStringAsync("/signin"));
        using var form = new FormUrlEncodedContent([new(proof.Groups["name"].Value, proof.Groups["value"].Value), new("token", TokenFor(one))]);
        using var signedIn = await browser.PostAsync("/signin", form);
        Assert.That((int)signedIn.StatusCode, Is.EqualTo(302));
        Assert.That(await browser.GetStringAsync("/console/accounts"), Does.Contain("One of them").And.Not.Contain("The other"));
    }

    [GeneratedRegex("""<input type="hidden" name="(?<name>__[^"]+)" value="(?<value>[^"]*)">""")]
    private static partial Regex HiddenField();

    private static Task<int> ReadAsync(Service service, string token) => CallAsync(service, token, HttpMethod.Get, null);

    private static Task<int> WriteAsync(Service service, string token) => CallAsync(service, token, HttpMethod.Post, "{}");

    private static async Task<int> CallAsync(Service service, string token, HttpMethod method, string? body)
    {
        using var client = service.Client(role: null);
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return (await client.SendAsync(method, "/meta/accounts", body)).Code;
    }
}
