using System.Data.Common;
using System.Transactions;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

public static class DatabaseErrors
{
    /// <summary>The database was away: no fault of the caller's or of the code.</summary>
    public static bool IsAway(Exception exception) => exception is TransactionException or NothingWrittenException || (exception is DbException database && IsTransient(database));

    /// <summary>It passes by itself. So does "read only": a failover is under way, or a disk was full.</summary>
    public static bool IsTransient(DbException exception) => exception.IsTransient || TakesNoWrites(exception);

    /// <summary>The server is read only, and so are all sessions that are open to it.</summary>
    public static bool IsReadOnly(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>The server has refused to write: it is read only, or its disk is full.</summary>
    public static bool TakesNoWrites(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.DiskFull };
}
