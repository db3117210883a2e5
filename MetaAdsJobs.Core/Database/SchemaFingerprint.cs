using System.Security.Cryptography;
using System.Text;
using Dapper;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// One hash over every migration of this build and the version of Hangfire's tables. A worker that was killed has to
/// be back soon; comparing one row spares it the migrator. However a checkout ends its lines, and whatever else differs between two builds, the same
/// schema has the same one.
/// </summary>
internal static class SchemaFingerprint
{
    private static readonly string OfThisBuild = Compute();

    public static bool IsCurrent(NpgsqlConnection connection)
    {
        const string FindSql = "SELECT fingerprint FROM schema_fingerprint";
        // Not there: never migrated, or by a build that kept no fingerprint.
        return connection.ExecuteScalar<bool>("SELECT to_regclass('schema_fingerprint') IS NOT NULL") && connection.QuerySingleOrDefault<string?>(FindSql) == OfThisBuild;
    }

    public static void Save(NpgsqlConnection connection)
    {
        const string SaveSql = """
            INSERT INTO schema_fingerprint (fingerprint) VALUES (@Fingerprint)
            ON CONFLICT (only_row) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, migrated_at = now()
            """;
        connection.Execute(SaveSql, new { Fingerprint = OfThisBuild });
    }

    private static string Compute()
    {
        var assembly = typeof(SchemaFingerprint).Assembly;
        return Of(assembly.GetManifestResourceNames().Order(StringComparer.Ordinal).Select(name =>
        {
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return script.ReadToEnd();
        }));
    }

    internal static string Of(IEnumerable<string> scripts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var script in scripts) hash.AppendData(Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n")));
        return $"{Convert.ToHexStringLower(hash.GetHashAndReset())} hangfire {HangfireSchema.Version}";
    }
}
