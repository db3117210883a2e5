using Hangfire.PostgreSql;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's own tables, in its own schema; their versions are Hangfire's to keep.</summary>
internal static class HangfireSchema
{
    public const string Name = "hangfire";

    public static void Install(NpgsqlConnection connection) => PostgreSqlObjectsInstaller.Install(connection, Name);
}
