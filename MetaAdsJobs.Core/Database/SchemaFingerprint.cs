using System.Security.Cryptography;
using Dapper;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// One hash over every migration of this build and the version of Hangfire's schema installer. A worker that was killed has to
/// be back soon; comparing one row spares it the migrator.
/// </summary>
internal static class SchemaFingerprint
{
    private static readonly string OfThisBuild = Compute();

    public static bool IsCurrent(NpgsqlConnection connection)
    {
        const string FindSql = "SELECT fingerprint FROM schema_fingerprint";
        try
        {
            return connection.QuerySingleOrDefault<string?>(FindSql) == OfThisBuild;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return false; // Never migrated, or by a build that kept no fingerprint.
        }
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
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var assembly = typeof(SchemaFingerprint).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            hash.AppendData(bytes.ToArray());
        }

        return $"{Convert.ToHexStringLower(hash.GetHashAndReset())} {HangfireSchema.Version}";
    }
}
