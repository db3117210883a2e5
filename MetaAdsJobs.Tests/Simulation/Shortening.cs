namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Makes a red history shorter: leaves out what went wrong or was done in it, many things at a time and then one by one, as far as it
/// stays red. Every choice that is nought is the quiet one, so this only has to put noughts.
/// </summary>
internal static class Shortening
{
    private const int MostTries = 250;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<(IReadOnlyList<string> Verdicts, History History)> ShortenAsync(
        Func<Choices, Task<(IReadOnlyList<string>, History)>> tell, IReadOnlyList<string> verdicts, History history)
    {
        var since = TimeProvider.System.GetTimestamp();
        var tries = 0;
        for (var length = history.Choices.Made.Count / 2; length > 0; length /= 2)
        {
            for (var from = 0; from < history.Choices.Made.Count; from += length)
            {
                if (history.Choices.Made.Skip(from).Take(length).All(choice => choice == 0)) continue;
                if (++tries > MostTries || TimeProvider.System.GetElapsedTime(since) > Patience) return (verdicts, history);
                var quieter = history.Choices.Made.Select((choice, at) => at >= from && at < from + length ? 0 : choice).ToList();
                var (stillRed, shorter) = await tell(new(quieter));
                if (stillRed.Count > 0) (verdicts, history) = (stillRed, shorter);
            }
        }

        return (verdicts, history);
    }
}
