using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>The size and place of a page that a call asks for, and the paging part of its answer.</summary>
internal sealed record StubPage(int Limit, StubCursor? After)
{
    public static StubRefusal? Refuse(StubCall call, int most, out StubPage page)
    {
        page = new StubPage(25, null);
        if (call.Text("limit") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit == 0)
                return StubRefusal.Parameter("limit", "Param limit must be a positive integer");

            if (limit > most)
            {
                return new StubRefusal(1, "Please reduce the amount of data you're asking for, then retry your request")
                {
                    Status = 500,
                };
            }

            page = page with { Limit = limit };
        }

        if (call.Text("after") is not { } after)
            return null;

        page = page with { After = StubCursor.Parse(after) };
        return page.After is null ? StubRefusal.Parameter("after", "Invalid cursors values") : null;
    }

    /// <summary>
    /// As at Meta, `after` stands on the last page too and only `next` tells that there is more; and `next` carries
    /// the token, so a client that logs it gives the token away.
    /// </summary>
    public static void Write(Utf8JsonWriter json, StubCall call, StubCursor? first, StubCursor? last, bool hasMore)
    {
        if (first is null || last is null)
            return;

        json.WriteStartObject("paging");
        json.WriteStartObject("cursors");
        json.WriteString("before", first.ToString());
        json.WriteString("after", last.ToString());
        json.WriteEndObject();
        if (hasMore)
            json.WriteString("next", Next(call, last));

        json.WriteEndObject();
    }

    private static string Next(StubCall call, StubCursor last)
    {
        var query = call.Parameters
            .Where(parameter => parameter.Key != "after")
            .Append(new("after", last.ToString()))
            .Append(new("access_token", call.Token ?? ""))
            .Select(parameter => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(parameter.Value)}");
        return $"https://graph.facebook.com/{call.Version}/{call.Path}?{string.Join('&', query)}";
    }
}

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
