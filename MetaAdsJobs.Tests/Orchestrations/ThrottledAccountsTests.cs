using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Meta's limits are each account's own: one that has reached them stands still, and nobody else does.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
public sealed class ThrottledAccountsTests
{
    [Test]
    public async Task One_account_is_throttled_and_the_other_nineteen_finish_meanwhile()
    {
        var away = TimeSpan.FromSeconds(15);
        await using var service = await Service.StartAsync(workers: 2);
        service.Graph.Latency = TimeSpan.FromMilliseconds(100);
        using var client = service.Client();
        var requests = new List<JsonObject>();
        for (var account = 0; account < 20; account++) requests.Add(await client.NewRequestAsync(body => body["ad_account_id"] = $"act_{5000 + account}"));
        service.Graph.Faults.Add(call => IsOf(call, 5000) && call.IsCreateOf("adsets"), GraphFaults.ThrottledFor(away));

        // Its own orchestrations first and several of them, on both workers.
        var throttled = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.AcceptAsync(requests[0])));
        var others = await Task.WhenAll(requests.Skip(1).SelectMany(request => Enumerable.Range(0, 3).Select(_ => client.AcceptAsync(request))));
        await Eventually.TrueAsync(() => Task.FromResult(service.Graph.Faults.Left == 0), TimeSpan.FromSeconds(30), service.Unended);
        var since = service.Graph.Calls.First(call => IsOf(call, 5000) && call.IsCreateOf("adsets")).At;
        foreach (var id in others) await SucceededAsync(id);
        Assert.That(TimeProvider.System.GetUtcNow() - since, Is.LessThan(away), "the others took longer than the one was throttled");
        foreach (var id in throttled) await SucceededAsync(id);

        var calls = service.Graph.Calls.Where(call => IsOf(call, 5000)).ToList();
        // Calls that were under way, and in the other process the time until it hears of it.
        var inBetween = calls.Where(call => call.At > since.AddSeconds(1.7) && call.At < since + away).ToList();
        Assert.That(inBetween, Is.Empty, $"{string.Join('\n', inBetween)} after {since}");
        Assert.That(calls.Any(call => call.At > since + away));
        await using var connection = await service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.ExecuteScalarAsync<long>("SELECT sum(failures) FROM orchestrations"), Is.Zero, "waiting used up a retry");
        Assert.That(await service.Database.DataSource.RowsAsync("hangfire.jobparameter WHERE name = 'RetryCount'"), Is.Zero, "Hangfire counted a retry");
        await service.GraphDatabase.DataSource.AssertEachAsync(12 + 57);

        async Task SucceededAsync(string id) => Assert.That((string?)(await client.UntilAsync(id, seconds: 90))["status"], Is.EqualTo("succeeded"), service.Unended());
    }

    [Test]
    public async Task At_80_percent_an_account_slows_down_and_at_96_it_stops_for_as_long_as_Meta_says()
    {
        await using var service = await Service.StartAsync(workers: 2);
        using var client = service.Client();
        var free = await client.NewRequestAsync(body => body["ad_account_id"] = "act_6000");
        var slow = await client.NewRequestAsync(body => body["ad_account_id"] = "act_6001");
        var full = await client.NewRequestAsync(body => body["ad_account_id"] = "act_6002");
        service.Graph.Faults.Always(call => IsOf(call, 6001), GraphFaults.Used(80, secondsToReset: 3000));
        service.Graph.Faults.Add(call => IsOf(call, 6002) && call.IsCreateOf("campaigns"), GraphFaults.Used(96, secondsToReset: 6));

        var ids = (await Task.WhenAll(Accept(free), Accept(slow), Accept(full))).SelectMany(all => all).ToList();
        foreach (var id in ids) Assert.That((string?)(await client.UntilAsync(id, seconds: 90))["status"], Is.EqualTo("succeeded"));

        var slowCalls = Times(6001);
        var pauses = slowCalls.Zip(slowCalls.Skip(1), (one, next) => (next - one).TotalSeconds).ToList();
        // 0.27 s apart once both workers know of each other, half of that before; they take their turns apart from each other.
        Assert.That(pauses.Skip(4).Average(), Is.InRange(0.1, 3), string.Join(", ", pauses));
        Assert.That(Times(6000)[^1] - Times(6000)[0], Is.LessThan(slowCalls[^1] - slowCalls[0]));
        var fullCalls = Times(6002);
        Assert.That(fullCalls.Where(at => at > fullCalls[0].AddSeconds(1.7) && at < fullCalls[0].AddSeconds(6)), Is.Empty);
        Assert.That(fullCalls.Count(at => at > fullCalls[0].AddSeconds(6)), Is.GreaterThan(0), "what the block kept out did not go on");

        Task<string[]> Accept(JsonObject request) => Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.AcceptAsync(request)));

        // Reports have a limit of their own.
        List<DateTimeOffset> Times(int account) => [.. service.Graph.Calls.Where(call => IsOf(call, account) && call.Edge != "insights").Select(call => call.At).Order()];
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
