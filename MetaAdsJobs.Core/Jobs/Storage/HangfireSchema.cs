using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using Hangfire.PostgreSql;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>Hangfire's own tables, in its own schema; their versions are Hangfire's to keep.</summary>
internal static partial class HangfireSchema
{
    public const string Name = "hangfire";

    /// <summary>The version that <see cref="Install"/> brings the tables to.</summary>
    public static int Version { get; } = typeof(PostgreSqlObjectsInstaller).Assembly.GetManifestResourceNames()
        .Select(name => Script().Match(name)).Where(script => script.Success).Max(script => int.Parse(script.Groups[1].Value, CultureInfo.InvariantCulture));

    public static void Install(NpgsqlConnection connection) => PostgreSqlObjectsInstaller.Install(connection, Name);

    /// <summary>Null: not installed.</summary>
    public static int? VersionOf(NpgsqlConnection connection)
    {
        const string InstalledSql = "SELECT max(version) FROM hangfire.schema";
        return connection.ExecuteScalar<bool>("SELECT to_regclass('hangfire.schema') IS NOT NULL") ? connection.ExecuteScalar<int?>(InstalledSql) : null;
    }

    [GeneratedRegex(@"Install\.v(\d+)\.sql$")]
    private static partial Regex Script();
}
