using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>Takes away files that belong to no clip: of uploads that were cut off with their process, or whose clip was never committed.</summary>
internal sealed class SweepClipFiles(NpgsqlDataSource dataSource, IClipFiles files, TimeProvider time)
{
    // Far longer than it can take from a file's last byte to its row.
    private static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    public async Task ExecuteAsync(CancellationToken ct)
    {
        const string OrphansSql = "SELECT name FROM unnest(@Names) AS name WHERE NOT EXISTS (SELECT 1 FROM clips k WHERE k.file_key = name)";
        foreach (var names in files.List(time.GetUtcNow() - Grace).Chunk(1000))
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            foreach (var orphan in await connection.QueryAsync<string>(new(OrphansSql, new { Names = names }, cancellationToken: ct))) files.Delete(orphan);
        }
    }
}
