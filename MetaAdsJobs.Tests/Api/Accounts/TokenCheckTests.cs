using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

[TestFixture]
public sealed class TokenCheckTests
{
    [Test]
    public async Task A_token_is_checked_soon_after_it_was_given_and_is_in_no_log_row_or_answer()
    {
        const string Dead = $"{Service.SecretToken}Dead";
        await using var service = await Service.StartAsync(1, null, ("META_APP_ID", "4711"), ("META_APP_SECRET", $"{Service.SecretToken}App"));
        using var client = service.Client();
        // Meta quotes what it is asked about. Service looks for it everywhere when it ends.
        service.Graph.Faults.Always(call => call["input_token"] == Dead, GraphFaults.Says("""{"data":{"is_valid":false,"expires_at":0,"scopes":[],"error":{"code":190,"subcode":463,"message":"Session TOKEN has expired"}}}"""
            .Replace("TOKEN", Dead, StringComparison.Ordinal)));
        service.Graph.Faults.Add(call => call.Path == "debug_token", GraphFaults.Refused(2, userMessage: $"Try {Dead} again"));
        var id = await client.AddAccountAsync(account => account["access_token"] = Dead);

        var rejected = await AccountAsync(account => account["token_rejected_at"] is not null);
        Assert.That((string?)rejected["token_rejection"], Is.EqualTo("Session *** has expired - the token has expired: give the account a new one"));
        Assert.That((string?)(await client.GetAsync("/health/ready")).Json["checks"]!["tokens"], Is.EqualTo("1 rejected"));

        await client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["access_token"] = $"{Service.SecretToken}Good" });
        var good = await AccountAsync(account => account["token_checked_at"] is not null);
        Assert.That((good["token_rejected_at"], (DateTimeOffset?)good["token_expires_at"] > TimeProvider.System.GetUtcNow().AddDays(50)), Is.EqualTo(((JsonNode?)null, true)));
        Assert.That(good["token_scopes"]!.AsArray().Select(scope => (string?)scope), Does.Contain("ads_management"));
        Assert.That((string?)(await client.GetAsync("/health/ready")).Json["checks"]!["tokens"], Is.EqualTo("ok"));
        Assert.That(service.Graph.Calls.Count(call => call.Path == "debug_token"), Is.GreaterThanOrEqualTo(3));
        Assert.That(service.Logs(), Does.Contain("debug_token").And.Contain("\"@i\""), "the refused one was logged");

        async Task<JsonNode> AccountAsync(Func<JsonNode, bool> isSo)
        {
            JsonNode account = null!;
            await Eventually.TrueAsync(async () => isSo(account = (await client.GetAsync($"/meta/accounts/{id}")).Json), () => $"{account}", service.Logs);
            return account;
        }
    }
}
