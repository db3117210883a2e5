using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Core.Audit;

namespace MetaAdsJobs.Console.Audit;

/// <summary>The page's filter as it stands in the address, and the same as a file.</summary>
internal static class AuditQuery
{
    public static void MapAudit(this IEndpointRouteBuilder console) =>
        console.MapGet("/audit/csv", (HttpContext http, ChangeReader reader) => ChangeCsv.Of(reader.StreamAsync(Read(http.Request.Query), http.RequestAborted))).RequireAuthorization(ConsolePolicies.Read);

    public static ChangeFilter Read(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 200 } text && !text.Any(char.IsControl) ? text : null;
        var (since, until) = (AskedDay.Read(query["since"]), AskedDay.Read(query["until"])?.AddDays(1));
        return new(null, Guid.TryParse(Text("account"), out var account) ? account : null, Text("who"), Text("object"), Text("source") is { } source && ChangeReader.Sources.Contains(source) ? source : null, Midnight(since), Midnight(until));
    }

    private static DateTimeOffset? Midnight(DateOnly? day) => day is { } known ? new(known.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null;
}
