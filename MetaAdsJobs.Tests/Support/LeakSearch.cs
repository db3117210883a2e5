using System.Collections.Concurrent;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Looks for a secret wherever the service writes: its logs, its answers, and every text column of its database.</summary>
public sealed class LeakSearch(NpgsqlDataSource dataSource, string logFolder)
{
    private readonly ConcurrentQueue<(string Call, string Answer)> _answers = new();

    public void Saw(string call, string answer) => _answers.Enqueue((call, answer));

    public async Task AssertNoneAsync(string secret)
    {
        Assert.That(await FindAsync(secret), Is.Empty, "an account's token was left behind");
    }

    public async Task<IReadOnlyList<string>> FindAsync(string secret)
    {
        var found = _answers.Where(seen => seen.Answer.Contains(secret, StringComparison.Ordinal)).Select(seen => $"the answer to {seen.Call}").ToList();
        foreach (var file in Directory.GetFiles(logFolder))
            found.AddRange(ReadShared(file).Split('\n').Where(line => line.Contains(secret, StringComparison.Ordinal)).Select(line => $"{Path.GetFileName(file)}: {line}"));
        found.AddRange(await FindInDatabaseAsync(secret));
        return found;
    }

    /// <summary>Reads a file that a process is still writing.</summary>
    internal static string ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    // Whole rows as text: what a dump of the database would show. The stub Graph's own schema is Meta's side of the world.
    private async Task<List<string>> FindInDatabaseAsync(string secret)
    {
        var found = new List<string>();
        await using var connection = await dataSource.OpenConnectionAsync();
        await using var list = new NpgsqlCommand(
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'stub_graph') AND table_type = 'BASE TABLE'", connection);
        var tables = new List<string>();
        await using (var reader = await list.ExecuteReaderAsync())
            while (await reader.ReadAsync()) tables.Add(reader.GetString(0));
        foreach (var table in tables)
        {
            await using var search = new NpgsqlCommand($"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", connection) { Parameters = { new() { Value = secret } }, CommandTimeout = 600 };
            if ((long)(await search.ExecuteScalarAsync())! > 0) found.Add($"rows of {table}");
        }

        return found;
    }
}
