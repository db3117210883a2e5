using System.Globalization;

namespace MetaAdsJobs.Core.Events.Listing;

/// <summary>Where a page of deliveries ended: when its last event happened, to the microsecond, and its id.</summary>
public static class DeliveryCursor
{
    public static string Of(Delivery last) => string.Create(CultureInfo.InvariantCulture, $"{(last.OccurredAt - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond}-{last.Id:N}");

    /// <returns>Null of what is none.</returns>
    public static (DateTimeOffset OccurredAt, Guid Id)? TryRead(string cursor) =>
        cursor.Split('-') is [var at, var id] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds < 100_000_000_000_000_000
        && Guid.TryParseExact(id, "N", out var eventId) ? (DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), eventId) : null;
}
