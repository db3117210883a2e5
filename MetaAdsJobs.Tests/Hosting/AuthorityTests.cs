using MetaAdsJobs.Tests.Api.Auth;
using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>AUTH_AUTHORITY that nobody answers for, or that is no issuer: not the callers' fault.</summary>
[TestFixture]
public sealed class AuthorityTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task An_authority_that_tells_no_keys_is_named_in_the_log_and_no_token_is_called_wrong(bool isThere)
    {
        await using var issuer = await OidcIssuer.StartAsync();
        var authority = isThere ? $"{issuer.Url}/nowhere" : $"http://127.0.0.1:{Launcher.FreePort()}";
        await using var service = await Service.StartAsync(workers: 0, database: null, ("AUTH_SIGNING_KEY", ""), ("AUTH_AUTHORITY", authority), ("AUTH_AUDIENCE", "ads"), ("SIGN_IN_AUTHORITY", authority), ("SIGN_IN_CLIENT_ID", "console"));
        using var client = service.Client(role: null);
        client.Http.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token("ads", null, ("role", "viewer")));

        var answer = await client.GetAsync("/meta/accounts");

        Assert.That((answer.Code, answer.Header("Retry-After"), answer.Message.Headers.WwwAuthenticate.Count), Is.EqualTo((503, "30", 0)), answer.Text);
        Assert.That(service.Logs(), Does.Contain($"AUTH_AUTHORITY {authority} does not tell its keys"));
        client.Http.DefaultRequestHeaders.Authorization = null;
        Assert.That((await client.GetAsync("/meta/accounts")).Code, Is.EqualTo(401), "without a token nothing has to be checked");

        var page = await client.GetAsync("/signin/openid?returnUrl=/console");
        Assert.That((page.Code, page.Header("Retry-After")), Is.EqualTo((503, "30")), page.Text);
        Assert.That(page.Text, Does.Contain("cannot be reached").And.Contain("name=\"token\""), "another way in is offered");
        Assert.That(service.Logs(), Does.Contain($"SIGN_IN_AUTHORITY \\\"{authority}\\\" does not tell its configuration"));
    }
}
