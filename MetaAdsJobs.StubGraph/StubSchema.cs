using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace MetaAdsJobs.StubGraph;

/// <summary>
/// The stub's tables: the schema stub_graph in the service's database, made by schema.sql when a process in stub mode starts, after the
/// service's migrations and before anything else of it.
/// </summary>
/// <remarks>
/// One script of IF NOT EXISTS, and no numbered migrations: it finds three kinds of databases. In one, the service's own migrations made
/// these tables, as they did until V0031, and what is in them must live on; in one V0031 has just taken them away, empty; in one an earlier run
/// of the script made them. Where nothing is left to do, nothing is touched: even then the script would wait for whoever writes.
/// </remarks>
public static class StubSchema
{
    // Any fixed number that nothing else in the database locks.
    private const string LockKey = "7301552412";

    private static readonly string Script = ReadScript();
    private static readonly string Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Script)));

    private const string IsCurrentSql = "SELECT coalesce(obj_description(to_regnamespace('stub_graph'), 'pg_namespace') = $1, false)";

    /// <summary>Safe from several processes at once, and again.</summary>
    public static async Task ApplyAsync(NpgsqlDataSource dataSource, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using (var isCurrent = new NpgsqlCommand(IsCurrentSql, connection) { Parameters = { new() { Value = Fingerprint } } })
            if (await isCurrent.ExecuteScalarAsync(ct) is true) return;

        await using var transaction = await connection.BeginTransactionAsync(ct);
        // IF NOT EXISTS looks before it takes a name: two at once would find nothing, and one of them fail.
        await using var apply = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({LockKey}); {Script} COMMENT ON SCHEMA stub_graph IS '{Fingerprint}'", connection, transaction);
        await apply.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static string ReadScript()
    {
        using var script = new StreamReader(typeof(StubSchema).Assembly.GetManifestResourceStream("schema.sql")!);
        return script.ReadToEnd();
    }
}
