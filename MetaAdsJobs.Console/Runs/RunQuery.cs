using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;

namespace MetaAdsJobs.Console.Runs;

/// <summary>The list's filter as it stands in the address. What cannot be read counts as not given: a person sees it in the form.</summary>
internal static class RunQuery
{
    public static RunFilter Read(IQueryCollection query)
    {
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 and <= 200 } text && !text.Any(char.IsControl) ? text : null;
        return new(
            Enum.GetValues<OrchestrationStatus>().Cast<OrchestrationStatus?>().FirstOrDefault(one => string.Equals(one.ToString(), Text("status"), StringComparison.OrdinalIgnoreCase)),
            Guid.TryParse(Text("account"), out var account) ? account : null, Text("search"), AskedDay.Read(query["since"]), AskedDay.Read(query["until"])) { RequestedBy = Text("who") };
    }

    /// <summary>Which runs an order for all of them means: of retries the failed ones, of cancelling those in the one state that was chosen and not told to end before.</summary>
    /// <returns>Null when something of the filter cannot be read, or no state was chosen in which a run can be cancelled: an order never means more than was meant.</returns>
    public static RunFilter? ForAll(string order, IQueryCollection query)
    {
        var filter = Read(query);
        bool IsLost(string name, object? value) => value is null && query[name].ToString().Trim().Length > 0;
        if (IsLost("status", filter.Status) || IsLost("account", filter.AccountId) || IsLost("search", filter.Search) || IsLost("since", filter.Since) || IsLost("until", filter.Until) || IsLost("who", filter.RequestedBy)) return null;
        return order switch
        {
            "retry" when filter.Status is null or OrchestrationStatus.Failed => filter with { Status = OrchestrationStatus.Failed },
            "cancel" when filter.Status is OrchestrationStatus.Queued or OrchestrationStatus.Running or OrchestrationStatus.Waiting => filter with { WithoutCancelled = true },
            _ => null,
        };
    }

    public static Guid? Cursor(IQueryCollection query) => Guid.TryParse(query["cursor"], out var cursor) ? cursor : null;
}
