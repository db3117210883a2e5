using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The search that ends every service must be able to find something, or its silence means nothing.</summary>
[TestFixture]
public sealed class LeakSearchTests
{
    private const string Secret = "planted-secret-of-this-test";
    private TestDatabase _database = null!;
    private string _logs = "";
    private LeakSearch _search = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _logs = Directory.CreateTempSubdirectory("metaadsjobs-leaks-").FullName;
        _search = new(_database.DataSource, _logs);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_logs, recursive: true);
    }

    [Test]
    public async Task Nothing_is_found_where_nothing_was_planted()
    {
        await File.WriteAllTextAsync(Path.Combine(_logs, "api.log"), "a line\n");
        _search.Saw("GET /", "an answer");
        Assert.That(await _search.FindAsync(Secret), Is.Empty);
        await _search.AssertNoneAsync(Secret);
    }

    [Test]
    public async Task A_secret_in_a_log_is_found()
    {
        await File.WriteAllTextAsync(Path.Combine(_logs, "api.log"), $"a line\n{{\"@m\":\"Bearer {Secret}\"}}\n");
        await AssertFoundAsync("api.log");
    }

    [Test]
    public async Task A_secret_in_an_answer_is_found()
    {
        _search.Saw("GET /meta/accounts", $"{{\"access_token\":\"{Secret}\"}}");
        await AssertFoundAsync("GET /meta/accounts");
    }

    [Test]
    public async Task A_secret_in_any_table_is_found()
    {
        await PlantAsync("INSERT INTO data_protection_keys (friendly_name, xml) VALUES ('key', $1)", $"<key>{Secret}</key>");
        await AssertFoundAsync("data_protection_keys");
    }

    [Test]
    public async Task A_secret_in_the_arguments_of_a_job_is_found()
    {
        await PlantAsync("INSERT INTO hangfire.job (invocationdata, arguments, createdat) VALUES ('{}', jsonb_build_array($1::text), now())", Secret);
        await AssertFoundAsync("hangfire.job");
    }

    [Test]
    public async Task An_account_given_in_the_clear_would_be_found()
    {
        var service = await Service.StartAsync(workers: 0);
        await using var _ = service;
        using var client = service.Client();
        var id = await client.AddAccountAsync();
        Assert.That(await service.Leaks.FindAsync(Service.SecretToken), Is.Empty);
        await client.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["name"] = $"named {Secret}" });
        Assert.That(await service.Leaks.FindAsync(Secret), Has.Some.Contains("social_accounts").And.Some.Contains("PATCH"));
    }

    private async Task AssertFoundAsync(string where)
    {
        Assert.That(await _search.FindAsync(Secret), Has.Exactly(1).Items.And.Some.Contains(where));
        await Assert.ThrowsAsync<AssertionException>(() => _search.AssertNoneAsync(Secret));
    }

    private async Task PlantAsync(string sql, string value)
    {
        await using var command = _database.DataSource.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
