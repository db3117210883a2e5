using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>
/// Takes away files that belong to no clip: of uploads that were cut off with their process, or whose clip was never committed. Where none of what is old belongs to a
/// clip, the folder is another database's, or this one is still being restored: files are nowhere else, and nothing is taken away.
/// </summary>
internal sealed partial class SweepClipFiles(NpgsqlDataSource dataSource, IClipFiles files, TimeProvider time, ILogger<SweepClipFiles> logger)
{
    // Far longer than it can take from a file's last byte to its row.
    private static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    public async Task ExecuteAsync(CancellationToken ct)
    {
        const string OrphansSql = "SELECT name FROM unnest(@Names) AS name WHERE NOT EXISTS (SELECT 1 FROM clips k WHERE k.file_key = name)";
        var (orphans, isOurs) = (new List<string>(), false);
        foreach (var names in files.List(time.GetUtcNow() - Grace).Chunk(1000))
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var unknown = (await connection.QueryAsync<string>(new(OrphansSql, new { Names = names }, cancellationToken: ct))).AsList();
            orphans.AddRange(unknown);
            isOurs |= unknown.Count < names.Length;
        }

        if (isOurs) orphans.ForEach(files.Delete);
        else if (orphans.Count > 0) LogStrange(logger, orphans.Count);
    }

    [LoggerMessage(20000, LogLevel.Warning, "None of the {Files} files in CLIP_FILES_DIR that are older than a day belongs to a clip of this database: nothing was taken away")]
    private static partial void LogStrange(ILogger logger, int files);
}
