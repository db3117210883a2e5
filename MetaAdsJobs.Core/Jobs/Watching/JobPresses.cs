using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>Tells in the audit who has pressed which of the dashboard's buttons. What Hangfire does then is a transaction of its own: a crash right after it leaves no line.</summary>
internal sealed class JobPresses(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int MostTold = 100;

    /// <param name="path">The button's, behind the dashboard's own.</param>
    /// <param name="jobs">As the page calls them, of a button that is for several.</param>
    public async Task TellAsync(string path, IEnumerable<string?> jobs)
    {
        string[] told = [.. jobs.OfType<string>().Take(MostTold).Select(job => job.Cut(100))];
        var act = new Act("jobs", path.Cut(300), null, "pressed", null, ActLog.Differences(null, new { Jobs = told.Length > 0 ? told : null }));
        await using var connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
        await ActLog.WriteAsync(connection, transaction: null, act, time.GetUtcNow(), CancellationToken.None);
    }
}
