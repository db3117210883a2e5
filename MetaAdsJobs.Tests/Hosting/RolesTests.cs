using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Two roles: one owns the tables and migrates, the other may read and write rows, by the very statements that docs/hosting.md and docs/people.md give.</summary>
[TestFixture]
public sealed partial class RolesTests
{
    private readonly string _owner = $"owner_{Guid.NewGuid():N}";
    private readonly string _rows = $"rows_{Guid.NewGuid():N}";

    [Test]
    public async Task A_role_that_may_create_nothing_is_told_in_one_line_what_to_do_and_works_once_another_has_migrated()
    {
        var database = await TestDatabase.CreateBareAsync();
        await MakeRolesAsync(database);
        var rows = Of(database, _rows);

        var refused = Assert.Throws<ConfigurationException>(() => Migrations.Apply(rows, NullLogger.Instance));
        Assert.That(refused!.Message, Does.Contain($"the role {_rows} may not").And.Contain("argument migrate").And.Not.Contain("\n"));

        await MigrateAsync(database);
        await MigrateAsync(database);
        await TakeRightsAsync(database);
        await using var service = await Service.StartAsync(workers: 1, database, ("DATABASE_URL", rows));
        using var client = service.Client();
        var requestId = await client.AcceptAsync(await client.NewRequestAsync());
        Assert.That((string?)(await client.UntilAsync(requestId))["status"], Is.EqualTo("succeeded"));
        Assert.That((await client.PatchAsync($"/meta/accounts/{await client.AddAccountAsync()}", new JsonObject { ["name"] = "Another name" })).Code, Is.EqualTo(200));
        Assert.That((await client.GetAsync("/meta/changes")).Json["items"]!.AsArray().Select(change => (string)change!["source"]!).Distinct(), Is.EquivalentTo((string[])["meta", "here"]));
        await AuditAsync(rows);
        await MonthsAsync(service);
        Assert.That(service.Logs(), Does.Not.Contain("permission denied"));
    }

    // The program's own command, as it stands in the page: from anywhere, without a key; again it does no harm.
    private async Task MigrateAsync(TestDatabase database)
    {
        var program = ChildProgram.Built("MetaAdsJobs.Worker", new Dictionary<string, string?>());
        var start = new ProcessStartInfo(program.Command[0], [.. program.Command.Skip(1), "migrate"]) { WorkingDirectory = Path.GetPathRoot(program.Folder)! };
        (start.Environment["DATABASE_URL"], start.Environment["META_ADS_MODE"]) = (Of(database, _owner), "live");
        var ended = await Command.RunAsync(start, CancellationToken.None);
        Assert.That(ended.ExitCode, Is.Zero, ended.Errors + ended.Output);
        await using var connection = new NpgsqlConnection(Of(database, _owner));
        Assert.That(await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'stub_graph')"), Is.False, "nothing of what stands for Meta");
    }

    // Of the audit it may read and add lines, by right and not only by trigger.
    private async Task TakeRightsAsync(TestDatabase database)
    {
        var sql = string.Join('\n', Audit().Matches(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "docs/people.md"))).Select(match => match.Groups[1].Value));
        Assert.That(sql, Does.Contain("GRANT").And.Contain("REVOKE"));
        await using var connection = new NpgsqlConnection(Of(database, _owner));
        await connection.ExecuteAsync(sql.Replace("the_service", _rows, StringComparison.Ordinal));
    }

    private static async Task AuditAsync(string rows)
    {
        await using var connection = new NpgsqlConnection(rows);
        foreach (var table in (string[])["meta_changes", "recorded_acts"])
            foreach (var sql in (string[])[$"UPDATE {table} SET social_account_id = NULL", $"DELETE FROM {table}", $"TRUNCATE {table}"])
                Assert.That(Assert.Throws<PostgresException>(() => connection.Execute(sql))!.MessageText, Is.EqualTo($"permission denied for table {table}"), sql);
    }

    // Their owner's tables, made by a role that may make none.
    private async Task MonthsAsync(Service service)
    {
        const string AheadSql = "SELECT ensure_insight_partitions(date '2031-01-01', date '2031-02-01')";
        const string OwnersSql = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename LIKE '%\\_203101'";
        await using var connection = new NpgsqlConnection(Of(service.Database, _rows));
        await connection.ExecuteAsync(AheadSql);
        Assert.That((await connection.QueryAsync<string>(OwnersSql)).ToArray(), Is.EqualTo((string[])[_owner]));
        Assert.That(() => connection.Execute("CREATE TABLE mine (id int)"), Throws.TypeOf<PostgresException>(), "it may make nothing else");
    }

    private async Task MakeRolesAsync(TestDatabase database)
    {
        var sql = Block().Match(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "docs/hosting.md"))).Groups[1].Value;
        await using var connection = await database.DataSource.OpenConnectionAsync();
        // In the page the database is made there, too.
        var statements = string.Join('\n', sql.Split('\n').Where(line => !line.Contains("CREATE DATABASE", StringComparison.Ordinal) && !line.Contains("\\connect", StringComparison.Ordinal)));
        await connection.ExecuteAsync(statements.Replace("ads_owner", _owner, StringComparison.Ordinal).Replace("ads_rows", _rows, StringComparison.Ordinal).Replace("ON DATABASE ads ", $"ON DATABASE {database.Name} ", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task DropRolesAsync()
    {
        // Their databases are dropped with the services.
        await using var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres"));
        await connection.ExecuteAsync($"DROP ROLE IF EXISTS {_rows}; DROP ROLE IF EXISTS {_owner}");
    }

    private static string Of(TestDatabase database, string role) => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "secret" }.ConnectionString;

    [GeneratedRegex(@"```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^    ((?:GRANT|REVOKE) .* (?:TO|FROM) the_service;)$", RegexOptions.Multiline)]
    private static partial Regex Audit();
}
