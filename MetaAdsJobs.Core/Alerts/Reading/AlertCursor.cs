namespace MetaAdsJobs.Core.Alerts.Reading;

/// <summary>Where a page of alerts ended: whether its last one was open, and its id.</summary>
public static class AlertCursor
{
    public static string Of(Alert last) => $"{(last.ResolvedAt is null ? "o" : "r")}{last.Id:N}";

    /// <returns>Null of what is none.</returns>
    public static (bool IsOpen, Guid Id)? TryRead(string cursor) => cursor is ['o' or 'r', ..] && Guid.TryParseExact(cursor[1..], "N", out var id) ? (cursor[0] == 'o', id) : null;
}
