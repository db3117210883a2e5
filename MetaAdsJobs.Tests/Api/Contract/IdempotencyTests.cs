using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Under one key of one caller a thing is made once: accounts, clips, syncs and batches, as runs are.</summary>
[TestFixture, HasServiceAlone]
public sealed class IdempotencyTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _account = null!;
    private string _clip = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client();
        var request = await _admin.NewRequestAsync();
        (_account, _clip) = ((string)request["social_account_id"]!, (string)request["clip_id"]!);
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    private static readonly string[] Kinds = ["account", "clip", "sync", "batch"];

    [TestCaseSource(nameof(Kinds))]
    public async Task The_same_key_makes_one_thing_and_tells_it_again(string kind)
    {
        var (key, body) = ($"{Guid.NewGuid()}", BodyOf(kind));
        var first = await SendAsync(_admin, kind, key, body);
        var rows = await RowsAsync(kind);
        var again = await SendAsync(_admin, kind, key, body);

        Assert.That((first.Code, first.Header("Idempotency-Replayed")), Is.EqualTo((CodeOf(kind), (string?)null)), first.Text);
        Assert.That((again.Code, again.Header("Idempotency-Replayed")), Is.EqualTo((CodeOf(kind), "true")), again.Text);
        Assert.That(JsonNode.DeepEquals(again.Json, first.Json), again.Text);
        Assert.That(again.Message.Headers.Location, Is.EqualTo(first.Message.Headers.Location).And.Not.Null);
        Assert.That(await RowsAsync(kind), Is.EqualTo(rows));

        (await SendAsync(_admin, kind, key, BodyOf(kind))).AssertProblem(422, "idempotency_key_reused");
        using var other = _service.Client("admin", "somebody else");
        var theirs = await SendAsync(other, kind, key, BodyOf(kind));
        Assert.That((theirs.Code, theirs.Header("Idempotency-Replayed")), Is.EqualTo((CodeOf(kind), (string?)null)), "keys are each caller's own");
        Assert.That((await SendAsync(_admin, kind == "clip" ? "account" : "clip", key, BodyOf(kind == "clip" ? "account" : "clip"))).Code, Is.EqualTo(201), "and each kind's");
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task Who_sends_it_eight_times_at_once_is_told_one_thing(string kind)
    {
        var (key, body) = ($"{Guid.NewGuid()}", BodyOf(kind));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(_admin, kind, key, body)));
        Assert.That(answers.Select(answer => answer.Code).Distinct(), Is.EqualTo([CodeOf(kind)]), answers[0].Text);
        Assert.That(answers.Select(answer => $"{answer.Message.Headers.Location}").Distinct().Count(), Is.EqualTo(1));
        Assert.That(answers.Count(answer => answer.Header("Idempotency-Replayed") is null), Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task A_key_that_cannot_be_kept_makes_nothing_and_what_is_refused_takes_no_key(string kind)
    {
        var key = $"kept {Guid.NewGuid()}";
        var constraint = $"no_{Guid.NewGuid():N}";
        // As if the process died between the two: they are in one commit.
        await ExecuteAsync($"ALTER TABLE idempotency_keys ADD CONSTRAINT {constraint} CHECK (key <> '{key}') NOT VALID");
        var rows = await RowsAsync(kind);
        Assert.That((await SendAsync(_admin, kind, key, BodyOf(kind))).Code, Is.EqualTo(500));
        Assert.That(await RowsAsync(kind), Is.EqualTo(rows));
        await ExecuteAsync($"ALTER TABLE idempotency_keys DROP CONSTRAINT {constraint}");

        if (kind != "sync") Assert.That((await SendAsync(_admin, kind, key, new JsonObject())).Code, Is.EqualTo(422));
        Assert.That((await SendAsync(_admin, kind, key, BodyOf(kind))).Header("Idempotency-Replayed"), Is.Null);
        (await SendAsync(_admin, kind, new string('x', 256), BodyOf(kind))).AssertProblem(422, "invalid_fields");
    }

    [Test]
    public async Task An_id_that_is_taken_is_told_with_a_new_key_and_the_same_thing_with_its_own()
    {
        var body = BodyOf("clip");
        body["id"] = $"{Guid.NewGuid()}";
        Assert.That((await SendAsync(_admin, "clip", "an id of ours " + body["id"], body)).Code, Is.EqualTo(201));
        (await SendAsync(_admin, "clip", $"{Guid.NewGuid()}", body)).AssertProblem(409, "exists_already");
        Assert.That((await SendAsync(_admin, "clip", "an id of ours " + body["id"], body)).Code, Is.EqualTo(201));
    }

    private static int CodeOf(string kind) => kind switch { "sync" => 200, "batch" => 202, _ => 201 };

    // Another one each time.
    private JsonObject BodyOf(string kind) => kind switch
    {
        "account" => new()
        {
            ["name"] = $"Once {Guid.NewGuid()}", ["ad_account_id"] = $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", ["page_id"] = "2000000001", ["currency"] = "USD", ["timezone_name"] = "America/New_York",
            ["access_token"] = $"{Service.SecretToken}{Guid.NewGuid():N}",
        },
        "clip" => new() { ["title"] = $"Once {Guid.NewGuid()}", ["video_id"] = "1" },
        "sync" => new() { ["since"] = $"{DateTime.UnixEpoch.AddDays(Random.Shared.Next(20_200, 20_700)):yyyy-MM-dd}" },
        _ => new() { ["rows"] = new JsonArray(Row()) },
    };

    private JsonObject Row()
    {
        var row = ApiClient.Request(_account, _clip);
        row["row_id"] = $"{Guid.NewGuid()}";
        return row;
    }

    private Task<ApiAnswer> SendAsync(ApiClient client, string kind, string key, JsonObject body) => kind == "sync"
        ? client.PostAsync($"/meta/orchestrate/sync-insights/{_account}?since={body["since"]}", body: null, ("Idempotency-Key", key))
        : client.PostAsync(kind switch { "account" => "/meta/accounts", "clip" => "/meta/clips", _ => "/meta/orchestrate/batch" }, body, ("Idempotency-Key", key));

    private Task<long> RowsAsync(string kind) => _service.Database.DataSource.RowsAsync(kind switch { "account" => "social_accounts", "clip" => "clips", "sync" => "insight_syncs", _ => "batches" });

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
