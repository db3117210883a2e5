using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Meta's limits are each account's own: one that has reached them stands still, and nobody else does.</summary>
[TestFixture]
public sealed class ThrottledAccountsTests
{
    [Test]
    public async Task One_account_is_throttled_and_the_other_nineteen_finish_meanwhile()
    {
        await using var service = await Service.StartAsync(workers: 2);
        using var client = service.Client();
        var requests = new List<JsonObject>();
        for (var account = 0; account < 20; account++) requests.Add(await client.NewRequestAsync(body => body["ad_account_id"] = $"act_{5000 + account}"));
        // For longer than the test can take on any machine.
        service.Graph.Faults.Always(call => IsOf(call, 5000) && call.IsCreateOf("adsets"), GraphFaults.ThrottledFor(TimeSpan.FromHours(1)));

        // Its own orchestrations first and several of them, on both workers.
        var throttled = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.AcceptAsync(requests[0])));
        var others = await Task.WhenAll(requests.Skip(1).SelectMany(request => Enumerable.Range(0, 3).Select(_ => client.AcceptAsync(request))));
        foreach (var id in throttled) await client.UntilAsync(id, "waiting");
        // Whoever waits so long has been told: by Meta, or by the process that was.
        var calls = service.Graph.Calls.Count(call => IsOf(call, 5000));
        foreach (var id in others) Assert.That((string?)(await client.UntilAsync(id))["status"], Is.EqualTo("succeeded"), service.Unended());

        Assert.That(service.Graph.Calls.Count(call => IsOf(call, 5000)), Is.EqualTo(calls), "somebody called the throttled account");
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        const string WaitingSql = "FROM orchestrations o JOIN social_accounts a ON a.id = o.social_account_id WHERE a.ad_account_id = 'act_5000'";
        Assert.That(await connection.ExecuteScalarAsync<long>($"SELECT sum(failures) {WaitingSql}"), Is.Zero, "waiting used up a retry");
        Assert.That(await service.Database.DataSource.RowsAsync($"hangfire.jobparameter WHERE name = 'RetryCount' AND jobid IN (SELECT o.job_id::bigint {WaitingSql})"), Is.Zero, "Hangfire counted a retry");
        await service.Database.DataSource.AssertEntityRowsAsync(57);
    }

    [Test]
    public async Task A_block_by_Meta_stops_the_accounts_orchestrations_until_a_person_unblocks_it()
    {
        await using var service = await Service.StartAsync();
        using var client = service.Client();
        var request = await client.NewRequestAsync(body => body["ad_account_id"] = "act_7000");
        var other = await client.NewRequestAsync();
        var account = $"/meta/accounts/{(string)request["social_account_id"]!}";
        service.Graph.Faults.Add(call => IsOf(call, 7000) && call.IsCreateOf("adcreatives"), GraphFaults.Refused(368, userTitle: "Blocked", userMessage: "Your ads broke a policy."));

        var id = await client.AcceptAsync(request);
        var waiting = await client.UntilAsync(id, "waiting");
        var second = await client.AcceptAsync(request);
        var secondWaiting = await client.UntilAsync(second, "waiting");
        var calls = service.Graph.Calls.Count(call => IsOf(call, 7000));
        await client.UntilAsync(await client.AcceptAsync(other), "succeeded");

        Assert.That((string?)waiting["wait_reason"], Does.Contain("Your ads broke a policy.").And.Contain("unblock the account"));
        Assert.That((string?)secondWaiting["wait_reason"], Does.Contain("Your ads broke a policy."));
        var blocked = (await client.GetAsync(account)).Json;
        Assert.That(((string?)blocked["block_reason"], (DateTimeOffset?)blocked["blocked_at"]), Is.EqualTo(((string?)waiting["wait_reason"], (DateTimeOffset?)blocked["blocked_at"])));
        Assert.That((DateTimeOffset?)blocked["blocked_at"], Is.Not.Null);
        var health = (await client.GetAsync("/health/ready"));
        Assert.That((health.Code, (string?)health.Json["checks"]!["accounts"]), Is.EqualTo((200, "1 blocked by Meta")));

        Assert.That((await client.PatchAsync(account, new JsonObject { ["access_token"] = $"{Service.SecretToken}new" })).Json["blocked_at"], Is.Not.Null, "a token is not what Meta blocked");
        Assert.That(service.Graph.Calls.Count(call => IsOf(call, 7000)), Is.EqualTo(calls));
        Assert.That((await client.PatchAsync(account, new JsonObject { ["unblock"] = "yes" })).WrongFields, Is.EqualTo(["unblock"]));
        Assert.That((await client.PatchAsync(account, new JsonObject { ["unblock"] = true })).Json["blocked_at"], Is.Null);
        await client.UntilAsync(id, "succeeded");
        await client.UntilAsync(second, "succeeded");
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.ExecuteScalarAsync<long>("SELECT sum(failures) FROM orchestrations"), Is.Zero);
        Assert.That(service.Logs(), Does.Contain("\"Code\":368").And.Contain("\"UserMessage\":\"Your ads broke a policy.\"").And.Contain("\"TraceId\":\""));
    }

    private static bool IsOf(RecordedCall call, int account) => call.Path.Contains($"act_{account}", StringComparison.Ordinal);
}
