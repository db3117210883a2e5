using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace MetaAdsJobs.Tests.Api;

/// <summary>The API behind a connection to its database that breaks around a commit.</summary>
[TestFixture]
public sealed class CommitInDoubtTests
{
    private TestDatabase _database = null!;
    private DatabaseProxy _proxy = null!;
    private WebApplication _api = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync();
        var connection = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        _proxy = new(connection.Port);
        connection.Port = _proxy.Port;
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = connection.ConnectionString, ["AUTH_SIGNING_KEY"] = Service.SigningKey, ["Serilog:MinimumLevel:Default"] = "Fatal",
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddApi().Services.AddStubGraph();
        _api = builder.Build().UseApi();
        _api.Migrate();
        await _api.StartAsync();
        var http = new HttpClient { BaseAddress = new(_api.Urls.First()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Service.Token("admin"));
        _client = new(http);
        _request = await _client.NewRequestAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
        _proxy.Dispose();
        await _database.DisposeAsync();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_commit_that_nobody_saw_end_is_told_as_in_doubt_and_the_same_key_settles_it(bool committed)
    {
        var before = await RunsAsync();
        var key = ("Idempotency-Key", $"{Guid.NewGuid()}");
        // The row and its job are one statement's commit, and nothing else that is sent holds the whole request.
        _proxy.CommitWords = "campaign_objective";
        _proxy.Next = committed ? DatabaseProxy.Cut.AfterCommit : DatabaseProxy.Cut.BeforeCommit;

        var answer = await _client.PostAsync("/meta/orchestrate/run", _request, key);

        Assert.That((answer.Code, answer.Header("Retry-After")), Is.EqualTo((503, "5")), answer.Text);
        Assert.That((string?)answer.Json["detail"], Does.Contain("not known").And.Contain("same Idempotency-Key").And.Not.Contain("Nothing was written"));
        Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "no commit was cut");
        await Eventually.TrueAsync(async () => await RunsAsync() == before + (committed ? 1 : 0), () => "the commit did not end as the test wanted it");

        var again = await _client.PostAsync("/meta/orchestrate/run", _request, key);

        Assert.That((again.Code, again.Header("Idempotency-Replayed")), Is.EqualTo((202, committed ? "true" : null)), again.Text);
        Assert.That(await RunsAsync(), Is.EqualTo(before + 1));
        Assert.That(await _database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(await RunsAsync()));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_publishers_message_whose_commit_nobody_saw_end_is_settled_by_sending_it_again(bool committed)
    {
        var name = committed ? "committed" : "not-committed";
        var publisher = (await _client.PostAsync("/meta/publishers", new JsonObject { ["name"] = name })).Json;
        var template = await _client.SendAsync(HttpMethod.Put, $"/meta/publishers/{publisher["id"]}/templates/{_request["social_account_id"]}", ClipWorld.Template().ToJsonString());
        Assert.That(template.Code, Is.EqualTo(200), template.Text);
        var (before, message) = (await RunsAsync(), ClipMessage.Of("in-doubt"));
        _proxy.CommitWords = "COMMIT\0";
        _proxy.Next = committed ? DatabaseProxy.Cut.AfterCommit : DatabaseProxy.Cut.BeforeCommit;

        var answer = await SendAsync();

        Assert.That((answer.Code, answer.Header("Retry-After")), Is.EqualTo((503, "5")), answer.Text);
        Assert.That((string?)answer.Json["detail"], Does.Contain("not known").And.Contain("under the same webhook-id"));
        Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "no commit was cut");
        await Eventually.TrueAsync(async () => await RunsAsync() == before + (committed ? 1 : 0), () => "the commit did not end as the test wanted it");

        var again = await SendAsync();

        Assert.That((again.Code, (bool?)again.Json["duplicate"], (string?)again.Json["outcomes"]![0]!["state"]), Is.EqualTo((committed ? 200 : 202, committed, "accepted")), again.Text);
        Assert.That(await RunsAsync(), Is.EqualTo(before + 1));
        Assert.That(await _database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(await RunsAsync()));

        Task<ApiAnswer> SendAsync()
        {
            var signed = message.Sign((string)publisher["secret"]!, TimeProvider.System.GetUtcNow());
            return _client.PostAsync($"/meta/events/clip-published?publisher={name}", message.Body, ("webhook-id", signed.Id!), ("webhook-timestamp", signed.Timestamp!), ("webhook-signature", signed.Signatures!));
        }
    }

    [Test]
    public async Task What_may_be_done_twice_is_told_to_be_sent_again()
    {
        _proxy.CommitWords = "COMMIT\0";
        _proxy.Next = DatabaseProxy.Cut.AfterCommit;
        var answer = await _client.PostAsync($"/meta/accounts/{_request["social_account_id"]}/stop");
        Assert.That(answer.Code, Is.EqualTo(503), answer.Text);
        Assert.That((string?)answer.Json["detail"], Does.Contain("not known").And.Contain("doing it twice does no harm"));
        Assert.That((bool?)(await _client.PostAsync($"/meta/accounts/{_request["social_account_id"]}/stop")).Json["stopped"], Is.True);
        await _client.PostAsync($"/meta/accounts/{_request["social_account_id"]}/start");
        await using var clean = _database.DataSource.CreateCommand("DELETE FROM hangfire.job WHERE invocationdata::text NOT LIKE '%\"orchestration\"%'");
        await clean.ExecuteNonQueryAsync();
    }

    /// <summary>Sent again, it would be one more that is good, and whose secret nobody has seen.</summary>
    [Test]
    public async Task A_key_and_a_webhook_that_may_have_been_made_are_told_to_be_looked_up()
    {
        var user = (string)(await _client.AddUserAsync(Persons.UserBody("viewer")))["id"]!;
        _proxy.CommitWords = "COMMIT\0";

        _proxy.Next = DatabaseProxy.Cut.AfterCommit;
        AssertLooksFirst(await _client.PostAsync($"/meta/users/{user}/keys", new JsonObject { ["name"] = "the program" }), "GET /meta/users/{id}/keys", "Revoke it");
        await Eventually.TrueAsync(async () => await _database.DataSource.RowsAsync("api_keys") == 1, () => "no key was made");
        var key = (await _client.GetAsync($"/meta/users/{user}/keys")).Json["items"]!.AsArray().Single()!;
        Assert.That((await _client.SendAsync(HttpMethod.Delete, $"/meta/keys/{key["id"]}", null)).Code, Is.LessThan(300));

        _proxy.Next = DatabaseProxy.Cut.AfterCommit;
        AssertLooksFirst(await _client.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook" }), "GET /meta/webhooks", "delete it");
        await Eventually.TrueAsync(async () => await _database.DataSource.RowsAsync("webhooks") == 1, () => "no webhook was made");
        var webhook = (await _client.GetAsync("/meta/webhooks")).Json["items"]!.AsArray().Single()!;
        Assert.That((await _client.SendAsync(HttpMethod.Delete, $"/meta/webhooks/{webhook["id"]}", null)).Code, Is.EqualTo(204));

        void AssertLooksFirst(ApiAnswer answer, string where, string what)
        {
            Assert.That(answer.Code, Is.EqualTo(503), answer.Text);
            Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "no commit was cut");
            Assert.That((string?)answer.Json["detail"], Does.Contain("not known").And.Contain(where).And.Contain(what).And.Not.Contain("no harm"));
        }
    }

    [Test]
    public async Task Nothing_was_written_is_said_when_the_connection_broke_before_anything_was_written()
    {
        var before = await RunsAsync();
        // Whether there is an earlier request with this key is asked first.
        _proxy.CommitWords = $"{Guid.NewGuid()}";
        _proxy.Next = DatabaseProxy.Cut.BeforeCommit;
        var answer = await _client.PostAsync("/meta/orchestrate/run", _request, ("Idempotency-Key", _proxy.CommitWords));
        Assert.That(answer.Code, Is.EqualTo(503), answer.Text);
        Assert.That((string?)answer.Json["detail"], Does.Contain("Nothing was written"));
        Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "nothing was cut");
        Assert.That(await RunsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Nothing_was_written_is_said_when_the_database_was_away_from_the_start()
    {
        _proxy.Next = DatabaseProxy.Cut.Everything;
        try
        {
            foreach (var _ in (int[])[1, 2])
            {
                var answer = await _client.PostAsync("/meta/orchestrate/run", _request);
                Assert.That(answer.Code, Is.EqualTo(503), answer.Text);
                Assert.That((string?)answer.Json["detail"], Does.Contain("Nothing was written"));
            }

            var read = await _client.GetAsync("/meta/accounts");
            Assert.That((read.Code, (string?)read.Json["detail"]), Is.EqualTo((503, "The database cannot be reached; please try again.")));
        }
        finally
        {
            _proxy.Next = DatabaseProxy.Cut.Nothing;
        }
    }

    private Task<long> RunsAsync() => _database.DataSource.RowsAsync("orchestrations");
}
