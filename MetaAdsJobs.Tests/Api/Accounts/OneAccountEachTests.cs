using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

/// <summary>An ad account of Meta's has one account here, so that its caps and its stop are of all of it.</summary>
[TestFixture, HasServiceAlone]
public sealed class OneAccountEachTests
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

    [Test]
    public async Task A_second_account_of_an_ad_account_is_refused_by_field_and_account()
    {
        var first = await _admin.PostAsync("/meta/accounts", Account("act_7100000001"));
        Assert.That(first.Code, Is.EqualTo(201), first.Text);

        var refused = await _service.RefusesAsync(409, () => _admin.PostAsync("/meta/accounts", Account("act_7100000001")));

        refused.AssertProblem(409, "ad_account_taken");
        Assert.That(((string?)refused.Json["social_account_id"], (string?)refused.Json["errors"]!["ad_account_id"]![0]), Is.EqualTo(((string)first.Json["id"]!, $"is the ad account of {first.Json["id"]}, An account, already: two accounts of act_7100000001 would have caps and a stop each of their own. Retire that one first, or change it")));
        Assert.That(refused.Text, Does.Not.Contain(Service.SecretToken));
        await _service.RefusesFieldsAsync(() => _admin.PostAsync("/meta/accounts", Account("7100000001")), "ad_account_id");
        await _service.RefusesFieldsAsync(() => _admin.PostAsync("/meta/accounts", Account("act_07100000001")), "ad_account_id");
        Assert.That((await _admin.PatchAsync($"/meta/accounts/{await _admin.AddAccountAsync()}", new JsonObject { ["ad_account_id"] = "act_7100000001" })).WrongFields, Is.EqualTo(["ad_account_id"]), "it never changes");
    }

    [Test]
    public async Task Of_eight_that_come_at_once_one_is_made_and_the_others_are_told_which()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _admin.PostAsync("/meta/accounts", Account("act_7100000002"))));
        Assert.That(answers.Select(answer => answer.Code).Order(), Is.EqualTo([201, .. Enumerable.Repeat(409, 7)]), answers[0].Text);
        var made = answers.Single(answer => answer.Code == 201);
        foreach (var other in answers.Where(answer => answer.Code == 409))
        {
            other.AssertProblem(409, "ad_account_taken");
            Assert.That((string?)other.Json["social_account_id"], Is.EqualTo((string)made.Json["id"]!));
        }
    }

    [Test]
    public async Task The_same_account_sent_eight_times_at_once_is_there_already_and_not_taken()
    {
        var body = Account("act_7100000003");
        body["id"] = $"{Guid.NewGuid()}";
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _admin.PostAsync("/meta/accounts", body)));
        Assert.That(answers.Count(answer => answer.Code == 201), Is.EqualTo(1), answers[0].Text);
        foreach (var other in answers.Where(answer => answer.Code != 201)) other.AssertProblem(409, "exists_already");
    }

    [Test]
    public async Task Of_two_from_before_the_second_begins_nothing_until_one_is_retired()
    {
        var request = await _admin.NewRequestAsync(account => account["ad_account_id"] = "act_7100000004");
        var first = (string)request["social_account_id"]!;
        var second = await DoubleAsync(first);

        var shown = await _admin.GetAsync($"/meta/accounts/{second}");
        Assert.That(((bool?)shown.Json["is_double"], (string?)shown.Json["double_of"]), Is.EqualTo(((bool?)true, first)), shown.Text);
        Assert.That((bool?)(await _admin.GetAsync($"/meta/accounts/{first}")).Json["is_double"], Is.False);
        await _admin.AcceptAsync(request);
        request["social_account_id"] = second;
        var refused = await _service.RefusesAsync(422, () => _admin.PostAsync("/meta/orchestrate/run", request));
        Assert.That((string?)refused.Json["errors"]!["social_account_id"]![0], Does.Contain("a second one of the ad account act_7100000004").And.Contain("retire one of the two first"));

        await ExecuteAsync("UPDATE orchestrations SET status = 'cancelled', completed_at = now() WHERE social_account_id = @id", first);
        var retired = await _admin.PostAsync($"/meta/accounts/{first}/retire");
        Assert.That(retired.Code, Is.EqualTo(200), retired.Text);
        var alone = await _admin.GetAsync($"/meta/accounts/{second}");
        Assert.That(((bool?)alone.Json["is_double"], alone.Json["double_of"]), Is.EqualTo(((bool?)false, (JsonNode?)null)), alone.Text);
        await _admin.AcceptAsync(request);
        (await _admin.PostAsync("/meta/accounts", Account("act_7100000004"))).AssertProblem(409, "ad_account_taken");
    }

    [Test]
    public async Task Of_three_from_before_the_next_in_line_is_the_one_when_the_first_is_retired()
    {
        var first = await _admin.AddAccountAsync();
        var (second, third) = (await DoubleAsync(first), await DoubleAsync(first));

        Assert.That((await _admin.PostAsync($"/meta/accounts/{first}/retire")).Code, Is.EqualTo(200));

        Assert.That(((bool?)(await _admin.GetAsync($"/meta/accounts/{second}")).Json["is_double"], (string?)(await _admin.GetAsync($"/meta/accounts/{third}")).Json["double_of"]), Is.EqualTo(((bool?)false, second)));
    }

    [Test]
    public async Task Who_does_not_look_into_the_first_is_not_told_which_that_is()
    {
        var first = await _admin.AddAccountAsync();
        var second = await DoubleAsync(first);
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{second}");
        using var client = program;
        var shown = await client.GetAsync($"/meta/accounts/{second}");
        Assert.That(((bool?)shown.Json["is_double"], shown.Json["double_of"]), Is.EqualTo(((bool?)true, (JsonNode?)null)), shown.Text);
        Assert.That((await client.GetAsync("/meta/accounts")).Text, Does.Not.Contain(first));
    }

    /// <summary>As the migration leaves a second row of the same ad account.</summary>
    private async Task<string> DoubleAsync(string first)
    {
        var id = Guid.NewGuid();
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, default_countries, access_token, double_of, created_at, updated_at)
            SELECT @id, 'The same again', ad_account_id, page_id, currency, timezone_name, default_countries, access_token, id, clock_timestamp(), clock_timestamp() FROM social_accounts WHERE id = @first
            """, new { id, first = Guid.Parse(first) });
        return $"{id}";
    }

    private async Task ExecuteAsync(string sql, string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { id = Guid.Parse(id) });
    }

    private static JsonObject Account(string adAccountId) => new()
    {
        ["name"] = "An account", ["ad_account_id"] = adAccountId, ["page_id"] = "2000000001", ["currency"] = "USD", ["timezone_name"] = "America/New_York", ["access_token"] = $"{Service.SecretToken}{Guid.NewGuid():N}",
    };
}
