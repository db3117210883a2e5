using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;

namespace MetaAdsJobs.Console.Runs;

/// <summary>What managers do to runs from a page: an order, then back to where they were with a word about it.</summary>
internal static class RunActions
{
    /// <summary>Runs that a page about all of them counts; of more it says so.</summary>
    public const int MostCounted = 1000;

    private const int AtOnce = 200;

    public static void MapRunActions(this IEndpointRouteBuilder console)
    {
        var runs = console.MapGroup("/runs").RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>();
        runs.MapPost("/{requestId:guid}/retry", async (Guid requestId, RetryOrchestration retry, HttpContext http) =>
            await retry.ExecuteAsync(requestId, http.User.CallerName(), http.RequestAborted) is Change.Done
                ? FormResults.Back(http, "The run is tried again.") : FormResults.BackWithProblem(http, "Only a failed run can be retried."));
        runs.MapPost("/{requestId:guid}/cancel", async (Guid requestId, CancelOrchestration cancel, HttpContext http) =>
            await cancel.ExecuteAsync(requestId, http.User.CallerName(), http.RequestAborted) is Change.Done
                ? FormResults.Back(http, "The run is being cancelled.") : FormResults.BackWithProblem(http, "It can no longer be cancelled."));
        runs.MapPost("/bulk/retry", (RetryOrchestration retry, RunList list, HttpContext http) => ForAllAsync(http, list, "retry", id => retry.ExecuteAsync(id, http.User.CallerName(), CancellationToken.None)));
        runs.MapPost("/bulk/cancel", (CancelOrchestration cancel, RunList list, HttpContext http) => ForAllAsync(http, list, "cancel", id => cancel.ExecuteAsync(id, http.User.CallerName(), CancellationToken.None)));
    }

    // One after the other: each is a transaction of its own, and a press again goes on with what is left.
    private static async Task<IResult> ForAllAsync(HttpContext http, RunList list, string order, Func<Guid, Task<Change>> change)
    {
        if (RunQuery.ForAll(order, http.Request.Query) is not { } filter || !Guid.TryParse(http.Request.Form["up_to"], out var upTo) || !int.TryParse(http.Request.Form["shown"], out var shown))
            return FormResults.BackWithProblem(http, "This list cannot be changed as a whole: its filter cannot be read, or no state was chosen.");
        var ids = await list.ListIdsAsync(filter with { UpTo = upTo }, MostCounted + 1, http.RequestAborted);
        // An older run may have come into the state since: it was not meant.
        if (ids.Count > shown) return FormResults.BackWithProblem(http, "There are more runs in this state now than were shown: nothing was changed. Please look at them again.");
        var changed = 0;
        foreach (var id in ids.Take(AtOnce))
            if (await change(id) is Change.Done) changed++;
        return FormResults.Back(http, ids.Count > AtOnce ? "Runs changed: {0}. There are more: begin again to go on." : "Runs changed: {0}.", changed);
    }
}
