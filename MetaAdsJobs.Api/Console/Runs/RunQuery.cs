using System.Globalization;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;

namespace MetaAdsJobs.Api.Console.Runs;

/// <summary>The list's filter as it stands in the address. What cannot be read counts as not given: a person sees it in the form.</summary>
internal static class RunQuery
{
    public static RunFilter Read(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 200 } text && !text.Any(char.IsControl) ? text : null;
        DateOnly? Day(string name) => DateOnly.TryParseExact(query[name], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        return new(
            Enum.TryParse<OrchestrationStatus>(Text("status"), ignoreCase: true, out var status) && Enum.IsDefined(status) ? status : null,
            Guid.TryParse(Text("account"), out var account) ? account : null, Text("search"), Day("since"), Day("until"));
    }

    public static Guid? Cursor(IQueryCollection query) => Guid.TryParse(query["cursor"], out var cursor) ? cursor : null;
}
