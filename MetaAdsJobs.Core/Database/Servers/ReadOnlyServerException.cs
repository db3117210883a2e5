using System.Data.Common;
using Npgsql;

namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// The server takes no writes: a standby, or the old primary under a name that leads elsewhere only soon. A connection to it is not kept: pooled, it would
/// answer "read only" for as long as the process lives, and the pool be full of such by the time the name leads to the new primary.
/// </summary>
public sealed class ReadOnlyServerException() : DbException("The server is read only: a standby, or a primary that was set so")
{
    public override bool IsTransient => true;

    /// <summary>Told with the start of the session, without a question of its own.</summary>
    internal static void ThrowIfReadOnly(NpgsqlConnection connection)
    {
        if (connection.PostgresParameters.GetValueOrDefault("in_hot_standby") == "on" || connection.PostgresParameters.GetValueOrDefault("default_transaction_read_only") == "on")
            throw new ReadOnlyServerException();
    }
}
