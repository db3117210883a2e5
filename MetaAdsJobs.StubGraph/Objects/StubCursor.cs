using System.Globalization;
using System.Text;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>A place in a list: the object shown last and, in a report, how many of its periods were shown.</summary>
internal sealed record StubCursor(DateTimeOffset CreatedAt, string Id, int Periods = 0)
{
    /// <summary>Before the first of a list that runs from the newest to the oldest.</summary>
    public static readonly StubCursor Newest = new(new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero), "");

    /// <summary>Before the first of a list that runs from the oldest to the newest.</summary>
    public static readonly StubCursor Oldest = new(DateTimeOffset.UnixEpoch, "");

    public override string ToString() => Convert.ToBase64String(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{CreatedAt.UtcTicks}|{Periods}|{Id}")));

    public static StubCursor? Parse(string text)
    {
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
            return null;

        var parts = Encoding.UTF8.GetString(bytes, 0, length).Split('|', 3);
        return parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTime.MaxValue.Ticks
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var periods)
            ? new StubCursor(new DateTimeOffset(ticks, TimeSpan.Zero), parts[2], periods)
            : null;
    }
}
