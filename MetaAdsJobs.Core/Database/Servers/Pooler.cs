using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// Whether a pooler (PgBouncer and its like) stands before PostgreSQL. One that gives each transaction another session knows nothing of statements that were
/// prepared in the last one, and refuses settings sent with the start of a session; so neither is used with any pooler, unless DATABASE_URL says so.
/// </summary>
internal sealed class Pooler(DatabaseOptions options)
{
    private readonly Lazy<bool> _isThere = new(() => Ask(DatabaseUrl.ToConnectionString(options.Url)));

    public bool IsThere => _isThere.Value;

    // A session begins with the number of the process that serves it. A pooler cannot know it yet, and says another.
    private static bool Ask(string connectionString)
    {
        const string ServedBySql = "SELECT pg_backend_pid()";
        try
        {
            using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, MaxAutoPrepare = 0, Enlist = false }.ConnectionString);
            connection.Open();
            return connection.ExecuteScalar<int>(ServedBySql) != connection.ProcessID;
        }
        catch (NpgsqlException)
        {
            return false; // Nothing starts then: Migrate tells it.
        }
    }
}
