using System.Data.Common;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// The database went away before what a caller asked for was written, and that is certain: a commit was not even tried. Any other failure of the database
/// leaves it open whether something was written.
/// </summary>
public sealed class NothingWrittenException(Exception cause) : Exception("The database went away before anything was written", cause)
{
    /// <summary>For what comes before the first commit of a use case.</summary>
    public static async Task<T> IfFailsAsync<T>(Task<T> before)
    {
        try
        {
            return await before;
        }
        catch (DbException exception) when (DatabaseErrors.IsTransient(exception))
        {
            throw new NothingWrittenException(exception);
        }
    }
}
