using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

[TestFixture, HasServiceAlone]
public sealed class AccountTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task An_account_is_kept_as_it_was_given_and_its_token_is_never_given_out()
    {
        var id = $"{Guid.NewGuid()}";
        var account = Account(account =>
        {
            (account["id"], account["instagram_user_id"], account["pixel_id"]) = (id, "3000000001", "4000000001");
            (account["dsa_beneficiary"], account["dsa_payor"]) = ("Our brand", "Our agency");
            account["default_countries"] = new JsonArray("ES", "PT");
        });
        var created = await _client.PostAsync("/meta/accounts", account);
        Assert.That(created.Code, Is.EqualTo(201), created.Text);
        Assert.That(created.Header("Location"), Is.EqualTo($"/meta/accounts/{id}"));

        var token = (string)account["access_token"]!;
        account.Remove("access_token");
        var read = await _client.GetAsync($"/meta/accounts/{id}");
        foreach (var (name, value) in account) Assert.That(JsonNode.DeepEquals(read.Json[name], value), Is.True, $"{name}: {read.Text}");
        var listed = await _client.GetAsync("/meta/accounts?limit=200");
        var changed = await _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["access_token"] = token });
        var refused = await _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["access_token"] = $"{token} and a space" });
        foreach (var answer in (ApiAnswer[])[created, read, listed, changed, refused])
            Assert.That(answer.Text, Does.Not.Contain(token).And.Not.Contain("access_token\":\""), answer.Text);
    }

    [Test]
    public async Task A_change_leaves_what_it_does_not_name()
    {
        var id = await _client.AddAccountAsync();
        var before = (await _client.GetAsync($"/meta/accounts/{id}")).Json;
        var changed = await _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["name"] = "Another name" });
        Assert.That(changed.Code, Is.EqualTo(200), changed.Text);
        Assert.That((string?)changed.Json["name"], Is.EqualTo("Another name"));
        foreach (var (name, value) in before.AsObject().Where(field => field.Key is not ("name" or "updated_at")))
            Assert.That(JsonNode.DeepEquals(changed.Json[name], value), Is.True, name);
    }

    [Test]
    public async Task A_change_may_name_the_version_it_is_for_and_is_refused_when_there_is_another_by_now()
    {
        var created = await _client.PostAsync("/meta/accounts", Account());
        var url = created.Header("Location")!;
        var first = created.Header("ETag")!;
        Assert.That(first, Does.Match("^\"[0-9a-f]+\"$"));
        Assert.That((await _client.GetAsync(url)).Header("ETag"), Is.EqualTo(first));

        var changed = await ChangeAsync("One", first);
        Assert.That((changed.Code, changed.Header("ETag")), Is.EqualTo((200, (await _client.GetAsync(url)).Header("ETag"))));
        Assert.That(changed.Header("ETag"), Is.Not.EqualTo(first));

        foreach (var other in (string[])[first, "\"x\"", "x", $"W/{changed.Header("ETag")}"])
        {
            var refused = await ChangeAsync("Two", other);
            refused.AssertProblem(412);
            Assert.That(refused.Text, Does.Contain("If-Match"));
        }

        Assert.That((string?)(await _client.GetAsync(url)).Json["name"], Is.EqualTo("One"));
        Assert.That((await ChangeAsync("Three", $"{first}, {changed.Header("ETag")}")).Code, Is.EqualTo(200));
        Assert.That((await ChangeAsync("Four", "*")).Code, Is.EqualTo(200));

        Task<ApiAnswer> ChangeAsync(string name, string version) => _client.SendAsync(HttpMethod.Patch, url, new JsonObject { ["name"] = name }.ToJsonString(), ("If-Match", version));
    }

    [Test]
    public async Task A_change_to_null_takes_an_optional_field_away()
    {
        string[] optional = ["pixel_id", "dsa_beneficiary", "dsa_payor"];
        var id = await _client.AddAccountAsync(account => { foreach (var field in optional) account[field] = "4000000001"; });
        foreach (var field in optional)
        {
            var changed = await _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { [field] = null });
            Assert.That(changed.Code, Is.EqualTo(200), changed.Text);
            Assert.That(changed.Json[field], Is.Null, changed.Text);
        }
    }

    [Test]
    public async Task A_required_field_cannot_be_taken_away()
    {
        var id = await _client.AddAccountAsync();
        await _service.RefusesFieldsAsync(() => _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["name"] = null, ["access_token"] = null }), "name", "access_token");
    }

    [Test]
    public async Task The_ad_account_and_its_currency_cannot_change()
    {
        var id = await _client.AddAccountAsync();
        await _service.RefusesFieldsAsync(
            () => _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["currency"] = "JPY", ["ad_account_id"] = "act_1" }), "currency", "ad_account_id");
        var same = await _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["currency"] = "USD" });
        Assert.That(same.Code, Is.EqualTo(200), same.Text);
    }

    [Test]
    public async Task An_id_that_is_used_already_is_a_conflict_and_changes_nothing()
    {
        var id = await _client.AddAccountAsync();
        var before = (await _client.GetAsync($"/meta/accounts/{id}")).Text;
        await _service.RefusesAsync(409, () => _client.PostAsync("/meta/accounts", Account(account => (account["id"], account["name"]) = (id, "An intruder"))));
        Assert.That((await _client.GetAsync($"/meta/accounts/{id}")).Text, Is.EqualTo(before));
    }

    [Test]
    public async Task An_unknown_account_is_not_found()
    {
        (await _client.GetAsync($"/meta/accounts/{Guid.NewGuid()}")).AssertProblem(404);
        (await _client.PatchAsync($"/meta/accounts/{Guid.NewGuid()}", new JsonObject { ["name"] = "Nobody" })).AssertProblem(404);
    }

    [Test]
    public Task An_empty_account_is_told_every_required_field_at_once() => _service.RefusesFieldsAsync(
        () => _client.PostAsync("/meta/accounts", new JsonObject()), "name", "ad_account_id", "page_id", "currency", "timezone_name", "access_token");

    [TestCase("id", "17")]
    [TestCase("name", "")]
    [TestCase("ad_account_id", "1234567")]
    [TestCase("ad_account_id", "act_12x")]
    [TestCase("ad_account_id", "act_012")]
    [TestCase("ad_account_id", "act_1?fields=name")]
    [TestCase("page_id", "my page")]
    [TestCase("instagram_user_id", "@me")]
    [TestCase("pixel_id", "px")]
    [TestCase("currency", "usd")]
    [TestCase("currency", "XXX")]
    [TestCase("timezone_name", "Eastern Standard Time")]
    [TestCase("timezone_name", "America/Nowhere")]
    [TestCase("timezone_name", "../zoneinfo/Europe/Madrid")]
    [TestCase("timezone_name", "europe/madrid")]
    [TestCase("timezone_name", "posix/Europe/Madrid")]
    [TestCase("access_token", "has a space")]
    [TestCase("access_token", "schlüssel")]
    [TestCase("secret", "x")]
    [TestCase("instagram_actor_id", "3000000001")]
    [TestCase("dsa_payor", "")]
    [TestCase("dsa_beneficiary", "two\nlines")]
    [TestCase("min_daily_budget", "1")]
    public async Task A_wrong_field_is_refused_by_its_name(string field, string value)
    {
        await _service.RefusesFieldsAsync(() => _client.PostAsync("/meta/accounts", Account(account => account[field] = value)), field);
        if (field == "id") return;
        var id = await _client.AddAccountAsync();
        await _service.RefusesFieldsAsync(() => _client.PatchAsync($"/meta/accounts/{id}", new JsonObject { [field] = value }), field);
    }

    [Test]
    public Task A_country_that_does_not_exist_is_refused_by_its_place_in_the_list() => _service.RefusesFieldsAsync(
        () => _client.PostAsync("/meta/accounts", Account(account => account["default_countries"] = new JsonArray("US", "Spain", "UK"))), "default_countries[1]", "default_countries[2]");

    [TestCase("UTC")]
    [TestCase("Asia/Kolkata")]
    [TestCase("America/Argentina/Buenos_Aires")]
    public async Task Any_iana_zone_is_taken(string zone) => await _client.AddAccountAsync(account => account["timezone_name"] = zone);

    [Test]
    public async Task Pages_hold_every_account_once()
    {
        var added = new List<string>();
        for (var count = 0; count < 5; count++) added.Add(await _client.AddAccountAsync());
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _client.GetAsync($"/meta/accounts?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}")).Json;
            seen.AddRange(page["items"]!.AsArray().Select(account => (string)account!["id"]!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);

        Assert.That(seen, Is.Unique);
        Assert.That(seen, Is.SupersetOf(added));
    }

    [Test]
    public Task A_wrong_page_is_refused() => _service.RefusesFieldsAsync(() => _client.GetAsync("/meta/accounts?limit=0&cursor=x"), "limit", "cursor");

    private static JsonObject Account(Action<JsonObject>? change = null)
    {
        var account = new JsonObject
        {
            ["name"] = "An account", ["ad_account_id"] = $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", ["page_id"] = "2000000001", ["currency"] = "EUR", ["timezone_name"] = "Europe/Madrid",
            ["access_token"] = $"{Service.SecretToken}{Guid.NewGuid():N}",
        };
        change?.Invoke(account);
        return account;
    }
}
