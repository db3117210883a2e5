using System.Diagnostics;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// The rows of meta_ad_insights in COPY's binary format, kept in memory: writing them into the same table of another database is
/// the least that storing them can cost.
/// </summary>
internal sealed class RawCopy
{
    private const string Columns = """
        social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw,
        is_partial, synced_at
        """;

    private const int ChunkLength = 1 << 20;
    private readonly List<byte[]> _chunks = [];

    private RawCopy()
    {
    }

    /// <summary>In the order in which the report held them.</summary>
    public static async Task<RawCopy> ReadAsync(BenchDatabase database, CancellationToken ct)
    {
        var copy = new RawCopy();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        await using var rows = await connection.BeginRawBinaryCopyAsync($"COPY (SELECT {Columns} FROM meta_ad_insights ORDER BY ad_meta_id, date_start) TO STDOUT (FORMAT BINARY)", ct);
        while (true)
        {
            var chunk = new byte[ChunkLength];
            var length = await rows.ReadAtLeastAsync(chunk, ChunkLength, throwOnEndOfStream: false, ct);
            if (length == 0) return copy;
            copy._chunks.Add(chunk[..length]);
        }
    }

    /// <returns>How long it took, its commit included.</returns>
    public async Task<TimeSpan> WriteAsync(BenchDatabase database, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        var since = Stopwatch.GetTimestamp();
        await using (var rows = await connection.BeginRawBinaryCopyAsync($"COPY meta_ad_insights ({Columns}) FROM STDIN (FORMAT BINARY)", ct))
            foreach (var chunk in _chunks) await rows.WriteAsync(chunk, ct);
        return Stopwatch.GetElapsedTime(since);
    }
}
