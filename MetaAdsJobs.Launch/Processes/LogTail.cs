namespace MetaAdsJobs.Launch.Processes;

/// <summary>What a program said last, for a person who asks why it ended.</summary>
internal static class LogTail
{
    private const int Longest = 300;

    /// <summary>The last line that is plain text (a start that failed says why so), else the last JSON line.</summary>
    public static string LastWords(string logFile)
    {
        if (!File.Exists(logFile))
            return "it said nothing";
        var lines = File.ReadLines(logFile).Where(line => !string.IsNullOrWhiteSpace(line)).TakeLast(50).ToList();
        var words = lines.LastOrDefault(line => !line.StartsWith('{') && !line.StartsWith(' ')) ?? lines.LastOrDefault() ?? "it said nothing";
        return words.Length > Longest ? words[..Longest] + "…" : words;
    }
}
