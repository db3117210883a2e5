using System.Data.Common;
using System.Transactions;

namespace MetaAdsJobs.Core.Database;

public static class DatabaseErrors
{
    /// <summary>The database was away: no fault of the caller's or of the code.</summary>
    public static bool IsAway(Exception exception) => exception is DbException { IsTransient: true } or TransactionException or NothingWrittenException;
}
