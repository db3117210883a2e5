using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

/// <summary>What a token reaches is listed from it, with a token that is given for that alone or with an account's own.</summary>
[TestFixture, HasServiceAlone]
public sealed class ChoicesTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [TearDown]
    public void Forget() => _service.Graph.Faults.Clear();

    [Test]
    public async Task A_token_shows_its_ad_accounts_and_pages_and_of_one_ad_account_its_pixels_and_Instagram_accounts()
    {
        var taken = await _admin.AddAccountAsync(account => account["ad_account_id"] = "act_7200000001");
        var token = $"{Service.SecretToken}{Guid.NewGuid():N}";

        var all = await _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = token });
        Assert.That(all.Code, Is.EqualTo(200), all.Text);

        var accounts = all.Json["ad_accounts"]!["items"]!.AsArray().ToDictionary(one => (string)one!["ad_account_id"]!);
        Assert.That(accounts["act_1000000003"]!.ToJsonString(), Is.EqualTo("""{"ad_account_id":"act_1000000003","name":"Shop in Japan","currency":"JPY","timezone_name":"Asia/Tokyo","is_active":true,"is_taken":false,"social_account_id":null}"""));
        Assert.That(((bool?)accounts["act_7200000001"]!["is_taken"], (string?)accounts["act_7200000001"]!["social_account_id"]), Is.EqualTo(((bool?)true, taken)));
        Assert.That(all.Json["pages"]!["items"]!.AsArray().Select(page => (string?)page!["name"]), Is.EqualTo(["Our shop", "Our outlet", "Running club"]));
        Assert.That((all.Json["pixels"], all.Json["instagram_accounts"]), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));

        var one = await _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = token, ["ad_account_id"] = "act_1000000003" });
        Assert.That(((string?)one.Json["pixels"]!["items"]![0]!["id"], (string?)one.Json["instagram_accounts"]!["items"]![0]!["name"]), Is.EqualTo(("401000000003", "shop.1000000003")), one.Text);
        var calls = _service.Graph.Calls.Where(call => call.Path.StartsWith("me/", StringComparison.Ordinal)).ToList();
        Assert.That(calls.Select(call => (call.HasAuthorization, call.HasTokenInUrl)).Distinct(), Is.EqualTo([(true, false)]));
        Assert.That(await _service.Leaks.FindAsync(token), Is.Empty);
    }

    [Test]
    public async Task An_accounts_own_token_is_asked_with_for_itself()
    {
        var id = await _admin.AddAccountAsync(account => account["ad_account_id"] = "act_7200000002");
        var own = await _admin.GetAsync($"/meta/accounts/{id}/choices");
        Assert.That((own.Code, (string?)own.Json["pixels"]?["items"]![0]!["id"]), Is.EqualTo((200, "407200000002")), own.Text);
        (await _admin.GetAsync($"/meta/accounts/{Guid.NewGuid()}/choices")).AssertProblem(404);
        using var manager = _service.Client("manager");
        (await manager.GetAsync($"/meta/accounts/{id}/choices")).AssertProblem(403);
        (await manager.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = "x" })).AssertProblem(403);
    }

    [Test]
    public async Task Who_sees_one_account_is_told_nothing_of_what_only_others_use()
    {
        var mine = await _admin.AddAccountAsync(account => (account["ad_account_id"], account["page_id"]) = ("act_7200000003", "1020304050"));
        await _admin.AddAccountAsync(account => (account["ad_account_id"], account["page_id"], account["pixel_id"]) = ("act_7200000004", "1020304051", "987001"));
        using var client = (await _service.ProgramAsync(_admin, "admin", $"+{mine}")).Client;

        var choices = await client.GetAsync($"/meta/accounts/{mine}/choices");
        Assert.That(choices.Code, Is.EqualTo(200), choices.Text);
        Assert.That((await _admin.GetAsync($"/meta/accounts/{mine}/choices")).Text, Does.Contain("act_1000000003").And.Contain("Our outlet"));
        Assert.That(choices.Text, Does.Not.Contain("act_1000000003").And.Not.Contain("Our outlet").And.Not.Contain("Running club"));
        Assert.That(choices.Json["pages"]!["items"]!.AsArray().Select(page => (string?)page!["id"]), Is.EqualTo(["1020304050"]));

        var refused = await client.PatchAsync($"/meta/accounts/{mine}", new JsonObject { ["page_id"] = "1020304051", ["pixel_id"] = "987001" });
        Assert.That((refused.Code, string.Join(' ', refused.WrongFields)), Is.EqualTo((422, "page_id pixel_id")), refused.Text);
        Assert.That((await client.PatchAsync($"/meta/accounts/{mine}", new JsonObject { ["page_id"] = "1020304050", ["pixel_id"] = $"{Random.Shared.NextInt64(1_000_000_000)}00" })).Code, Is.EqualTo(200), "its own, and one that nobody uses");
        Assert.That((await _admin.PatchAsync($"/meta/accounts/{mine}", new JsonObject { ["page_id"] = "1020304051" })).Code, Is.EqualTo(200), "who sees all may");
    }

    [TestCase("EXPIRED")]
    [TestCase("FORBIDDEN")]
    public async Task A_token_that_Meta_refuses_is_wrong_at_its_field(string token)
    {
        var refused = await _service.RefusesAsync(422, () => _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = $"{token}_{Guid.NewGuid():N}" }));
        Assert.That(refused.WrongFields, Is.EqualTo(["access_token"]), refused.Text);
    }

    [Test]
    public async Task What_is_wrong_with_the_question_is_told_at_once()
    {
        await _service.RefusesFieldsAsync(() => _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["ad_account_id"] = "12", ["token"] = "x" }), "access_token", "ad_account_id", "token");
        await _service.RefusesFieldsAsync(() => _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = "with a blank" }), "access_token");
    }

    [Test]
    public async Task A_list_that_Meta_refuses_hides_no_other()
    {
        _service.Graph.Faults.Always(call => call.Path == "me/accounts", GraphFaults.Refused(200, 0));
        var answer = await AskAsync();
        Assert.That((answer.Code, answer.Json["pages"]!["items"]!.AsArray().Count, (string?)answer.Json["pages"]!["refused"]), Is.EqualTo((200, 0, (string?)answer.Json["pages"]!["refused"])), answer.Text);
        Assert.That((string?)answer.Json["pages"]!["refused"], Is.Not.Null.And.Not.Empty);
        Assert.That(answer.Json["ad_accounts"]!["items"]!.AsArray(), Is.Not.Empty);
    }

    [Test]
    public async Task A_list_without_an_end_is_no_answer_and_a_long_one_is_cut_and_says_so()
    {
        _service.Graph.Faults.Always(call => call.Path == "me/adaccounts", GraphFaults.Lists(_ => """{"data":[{"account_id":"1","name":"One","id":"act_1"}],"paging":{"cursors":{"after":"round"},"next":"https://more"}}"""));
        (await AskAsync()).AssertProblem(503, "meta_away");
        _service.Graph.Faults.Clear();

        _service.Graph.Faults.Always(call => call.Path == "me/adaccounts", GraphFaults.Lists(after =>
        {
            var from = int.TryParse(after, out var number) ? number : 0;
            var rows = string.Join(',', Enumerable.Range(from + 1, 100).Select(no => $$"""{"account_id":"{{no}}","id":"act_{{no}}"}"""));
            return $$$"""{"data":[{{{rows}}}],"paging":{"cursors":{"after":"{{{from + 100}}}"},"next":"https://more"}}""";
        }));
        var cut = await AskAsync();
        Assert.That((cut.Code, (bool?)cut.Json["ad_accounts"]!["more"], cut.Json["ad_accounts"]!["items"]!.AsArray().Count), Is.EqualTo((200, (bool?)true, 1000)), cut.Text[..300]);
    }

    [Test]
    public async Task Meta_away_is_no_fault_of_the_token()
    {
        _service.Graph.Faults.Always(call => call.Path == "me/adaccounts", GraphFaults.FailBeforeActing);
        (await AskAsync()).AssertProblem(503, "meta_away");
    }

    private Task<ApiAnswer> AskAsync() => _admin.PostAsync("/meta/accounts/choices", new JsonObject { ["access_token"] = $"{Service.SecretToken}{Guid.NewGuid():N}" });
}
