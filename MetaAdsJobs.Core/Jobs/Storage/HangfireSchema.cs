using Hangfire.PostgreSql;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>Hangfire's own tables, in its own schema; their versions are Hangfire's to keep.</summary>
internal static class HangfireSchema
{
    public const string Name = "hangfire";

    /// <summary>Changes whenever <see cref="Install"/> may do something else.</summary>
    public static string Version => typeof(PostgreSqlObjectsInstaller).Assembly.GetName().Version!.ToString();

    public static void Install(NpgsqlConnection connection) => PostgreSqlObjectsInstaller.Install(connection, Name);
}
