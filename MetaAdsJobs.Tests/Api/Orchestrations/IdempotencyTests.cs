using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

[TestFixture, HasServiceAlone]
public sealed class IdempotencyTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;
    private string _key = "";

    [SetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
        _key = $"{Guid.NewGuid()}";
    }

    [TearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task The_same_key_and_body_give_the_same_request_again()
    {
        var first = await PostAsync();
        var second = await PostAsync();
        Assert.That(first.Header("Idempotency-Replayed"), Is.Null);
        Assert.That(second.Code, Is.EqualTo(202), second.Text);
        Assert.That(second.Header("Idempotency-Replayed"), Is.EqualTo("true"));
        Assert.That(second.Text, Is.EqualTo(first.Text));
        Assert.That(second.Header("Location"), Is.EqualTo(first.Header("Location")));
        await AssertOneAsync();
    }

    [Test]
    public async Task The_same_fields_in_another_order_and_spacing_are_the_same_body()
    {
        var first = await PostAsync();
        var reversed = new JsonObject(_request.Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));
        var second = await _client.SendAsync(HttpMethod.Post, "/meta/orchestrate/run", $"  {reversed}  ", ("Idempotency-Key", _key));
        Assert.That((string?)second.Json["request_id"], Is.EqualTo((string?)first.Json["request_id"]), second.Text);
    }

    [Test]
    public async Task Fifty_posts_at_once_with_one_key_make_one_orchestration_and_one_job()
    {
        var jobs = await _service.Database.DataSource.RowsAsync("hangfire.job");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync()));

        Assert.That(answers.Select(answer => answer.Code), Is.All.EqualTo(202));
        Assert.That(answers.Select(answer => (string)answer.Json["request_id"]!).Distinct().Count(), Is.EqualTo(1));
        Assert.That(answers.Count(answer => answer.Header("Idempotency-Replayed") is null), Is.EqualTo(1), "answers that were not replays");
        await AssertOneAsync();
        Assert.That(await _service.Database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(jobs + 1));
    }

    [Test]
    public async Task Another_body_under_a_used_key_is_refused()
    {
        await PostAsync();
        _request["daily_budget_cents"] = 20000;
        await _service.RefusesFieldsAsync(PostAsync, "Idempotency-Key");
    }

    [Test]
    public async Task Two_callers_with_the_same_key_are_apart()
    {
        using var other = _service.Client("manager", "somebody else");
        var mine = await PostAsync();
        var theirs = await other.PostAsync("/meta/orchestrate/run", _request, ("Idempotency-Key", _key));
        Assert.That(theirs.Code, Is.EqualTo(202), theirs.Text);
        Assert.That(theirs.Header("Idempotency-Replayed"), Is.Null);
        Assert.That((string?)theirs.Json["request_id"], Is.Not.EqualTo((string?)mine.Json["request_id"]));
    }

    [Test]
    public async Task A_replay_does_not_depend_on_what_has_become_of_the_account()
    {
        var first = await PostAsync();
        var changed = await _client.PatchAsync($"/meta/accounts/{_request["social_account_id"]}", new JsonObject { ["default_countries"] = new JsonArray() });
        Assert.That(changed.Code, Is.EqualTo(200), changed.Text);
        var second = await PostAsync();
        Assert.That(second.Code, Is.EqualTo(202), second.Text);
        Assert.That(second.Text, Is.EqualTo(first.Text));
    }

    [Test]
    public async Task Without_a_key_every_post_is_a_request_of_its_own()
    {
        var first = await _client.AcceptAsync(_request);
        Assert.That(await _client.AcceptAsync(_request), Is.Not.EqualTo(first));
    }

    [TestCase("")]
    [TestCase("a\tkey")]
    [TestCase(300)]
    public async Task A_key_that_is_no_printable_text_is_refused(object key)
    {
        _key = key is int length ? new string('k', length) : (string)key;
        await _service.RefusesFieldsAsync(PostAsync, "Idempotency-Key");
    }

    private Task<ApiAnswer> PostAsync() => _client.PostAsync("/meta/orchestrate/run", _request, ("Idempotency-Key", _key));

    private async Task AssertOneAsync() =>
        Assert.That(await _service.Database.DataSource.RowsAsync($"orchestrations WHERE social_account_id = '{_request["social_account_id"]}'"), Is.EqualTo(1));
}
