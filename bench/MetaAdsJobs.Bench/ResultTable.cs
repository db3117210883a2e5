namespace MetaAdsJobs.Bench;

internal static class ResultTable
{
    public static void Write(IReadOnlyList<Result> results, TextWriter output)
    {
        string[] heading = ["What", "Measured", "Goal", ""];
        var rows = results.Select(result => new[] { result.What, result.Figure, result.Goal, result.Goal == "" ? "" : result.Met ? "met" : "MISSED" }).Prepend(heading).ToList();
        var widths = Enumerable.Range(0, heading.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        output.WriteLine();
        foreach (var row in rows) output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        output.WriteLine();
        foreach (var result in results) output.WriteLine($"{result.What}: {result.Detail}");
    }
}
