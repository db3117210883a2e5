using System.Text;
using Dapper;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Both programs as processes where names, passwords, the schema, language, zone and folders are none that anybody would choose.</summary>
[TestFixture]
public sealed class OddSurroundingsTests
{
    private const string Schema = "ads";
    private const string Password = "p@ss:/#w?rd%;= x'\"\\&";
    private static readonly string Odd = $"{Guid.NewGuid():N}"[..8];
    private readonly string _role = $"T\u00fcrk {Odd}";
    private TestDatabase _database = null!;
    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateBareAsync($"Ads & CAPS 100% {Odd}", Schema);
        await using (var connection = await _database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync($"""
                CREATE ROLE "{_role}" LOGIN PASSWORD '{Password.Replace("'", "''", StringComparison.Ordinal)}';
                GRANT CREATE ON DATABASE "{_database.Name}" TO "{_role}";
                CREATE SCHEMA {Schema} AUTHORIZATION "{_role}"
                """);
        var url = $"postgresql://{Escaped(_role)}:{Escaped(Password)}@127.0.0.1:{(await TestCluster.Postgres).Port}/{Escaped(_database.Name)}?sslmode=prefer&options={Escaped($"-c search_path={Schema} -c statement_timeout=60s")}";
        _service = await Service.StartProcessesAsync(workers: 1, _database, ("DATABASE_URL", url), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Asia/Kathmandu"), ("ASPNETCORE_TEMP", "/nonexistent"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _service.DisposeAsync();
        await using var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres"));
        await connection.ExecuteAsync($"DROP ROLE \"{_role}\"");
    }

    [Test]
    public async Task A_run_is_carried_out_and_told_as_anywhere()
    {
        using var client = _service.Client();
        var run = await client.UntilAsync(await client.AcceptAsync(await client.NewRequestAsync(account => account["timezone_name"] = "Europe/Istanbul")));
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), $"{run}");

        var ended = DateTimeOffset.Parse((string)run["completed_at"]!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(TimeProvider.System.GetUtcNow() - ended, Is.GreaterThan(TimeSpan.FromHours(-1)).And.LessThan(TimeSpan.FromHours(1)), "Kathmandu's are five to six hours away");
        Assert.That((await client.GetAsync("/meta/changes?limit=200")).Json["items"]!.AsArray(), Is.Not.Empty);
        Assert.That(await client.Http.GetStringAsync($"/console/runs/{run["request_id"]}"), Does.Contain("<html lang=\"en\">"));
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        Assert.That((await connection.QueryAsync<string>("SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = @role", new { role = _role })).Order(StringComparer.Ordinal), Is.EqualTo([Schema, "hangfire"]));
        Assert.That(_service.Logs(), Does.Not.Contain("\"@l\":\"Error\"").And.Not.Contain("\"@l\":\"Fatal\""));
    }

    /// <summary>There is no folder in which a part of it could be put aside.</summary>
    [Test]
    public async Task A_long_file_of_rows_that_a_page_sends_stays_in_memory()
    {
        using var client = _service.Client();
        var rows = BatchWorld.FileOf((await client.NewRequestAsync()).Row("first")).ToJsonString();
        using var manager = await Visitor.ByKeyAsync(_service, Service.Token("manager"));

        var judged = await manager.PostFileAsync("/console/batches/new", Encoding.UTF8.GetBytes(rows + new string(' ', 2 * 1024 * 1024 - rows.Length)), "rows.json", ("do", "check"));

        Assert.That(judged.Code, Is.EqualTo(200), judged.Text);
        Assert.That(judged.Text, Does.Contain("nothing is wrong with it").And.Contain("100.00 USD"));
    }

    private static string Escaped(string text) => Uri.EscapeDataString(text);
}
