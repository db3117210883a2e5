using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Bench.Support;

/// <summary>What PostgreSQL did for a request, from the plans that auto_explain writes to the server's log as they were run.</summary>
/// <param name="Rows">Read from tables and indexes, whether or not they were of use.</param>
/// <param name="Most">The scan that read the most of them.</param>
/// <param name="Compiled">Statements that PostgreSQL's JIT compiled, because it took them for more work than they are.</param>
internal sealed record WorkDone(int Statements, long Rows, string Most, int Compiled)
{
    public override string ToString() => Statements == 0 ? "plans unknown" : $"{Rows} rows read by {Statements} statements{(Compiled > 0 ? $", {Compiled} of them compiled first" : "")}, most by {Most}";
}

/// <summary>Reads the plans that the server logs for one database.</summary>
internal sealed partial class PlanReader(BenchDatabase database, string serverLog)
{
    private long _readTo;

    /// <summary>Has the connections that are opened from now on log their plans.</summary>
    /// <returns>False when this PostgreSQL lacks auto_explain.</returns>
    public async Task<bool> StartAsync()
    {
        try
        {
            await database.ExecuteAsync("LOAD 'auto_explain'");
        }
        catch (Npgsql.PostgresException missing) when (missing.SqlState is "58P01" or "42501")
        {
            return false;
        }

        const string Name = "SELECT current_database()";
        var name = await database.ScalarAsync<string>(Name);
        foreach (var (setting, value) in ((string, string)[])[("session_preload_libraries", "auto_explain"), ("auto_explain.log_min_duration", "0"), ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"), ("auto_explain.log_format", "json"), ("auto_explain.log_nested_statements", "on")])
            await database.ExecuteAsync($"ALTER DATABASE {name} SET {setting} = '{value}'");
        return true;
    }

    /// <summary>Since the last time it was asked.</summary>
    public async Task<WorkDone> ReadAsync(CancellationToken ct)
    {
        await using var log = new FileStream(serverLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(_readTo, SeekOrigin.Begin);
        using var reader = new StreamReader(log, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(ct);
        _readTo = log.Length;
        var (statements, rows, most, mostRows, compiled) = (0, 0L, "nothing", 0L, 0);
        foreach (Match match in Plan().Matches(text))
        {
            using var plan = JsonDocument.Parse(match.Groups["plan"].Value);
            statements++;
            if (plan.RootElement.TryGetProperty("JIT", out _)) compiled++;
            Walk(plan.RootElement.GetProperty("Plan"));
        }

        return new(statements, rows, most, compiled);

        void Walk(JsonElement node)
        {
            var kind = node.GetProperty("Node Type").GetString()!;
            if (kind.EndsWith("Scan", StringComparison.Ordinal) && kind is not ("CTE Scan" or "Subquery Scan" or "Function Scan" or "Values Scan"))
            {
                long Number(string name) => node.TryGetProperty(name, out var value) ? (long)value.GetDouble() : 0;
                var read = (Number("Actual Rows") + Number("Rows Removed by Filter") + Number("Rows Removed by Index Recheck")) * Number("Actual Loops");
                rows += read;
                if (read > mostRows) (mostRows, most) = (read, $"{kind} of {Of(node)}, {read}");
            }

            if (node.TryGetProperty("Plans", out var children))
                foreach (var child in children.EnumerateArray()) Walk(child);
        }
    }

    private static string? Of(JsonElement node) =>
        node.TryGetProperty("Index Name", out var index) ? index.GetString() : node.TryGetProperty("Relation Name", out var table) ? table.GetString() : "?";

    // A log line's further lines begin with a tab.
    [GeneratedRegex(@"plan:\n(?<plan>\t\{\n(?:\t.*\n)*?\t\}\n)")]
    private static partial Regex Plan();
}
