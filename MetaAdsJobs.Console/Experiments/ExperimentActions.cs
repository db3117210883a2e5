using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Proposing;

namespace MetaAdsJobs.Console.Experiments;

/// <summary>What managers do about an experiment, from its page.</summary>
internal static class ExperimentActions
{
    public static void MapExperimentActions(this IEndpointRouteBuilder console)
    {
        var experiments = console.MapGroup("/experiments").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Operate);
        experiments.MapPost("/{id:guid}/accept", async (Guid id, AcceptProposal accept, HttpContext http) =>
            await accept.ExecuteAsync(id, Shown(http), http.Request.Form["move_budget"] == "true", http.User.CallerName(), http.RequestAborted) switch
            {
                ProposalAnswer.Accepted => FormResults.Back(http, "It is being done."),
                ProposalAnswer.NotOpen => FormResults.BackWithProblem(http, "What you were shown is proposed no longer: nothing was done."),
                ProposalAnswer.NotFresh => FormResults.BackWithProblem(http, "Its numbers are old, or are just being read again: it can be done once they are read."),
                _ => Results.NotFound(),
            });
        experiments.MapPost("/{id:guid}/stop", async (Guid id, StopExperiment stop, HttpContext http) => await stop.ExecuteAsync(id, http.User.CallerName(), http.RequestAborted) switch
        {
            true => FormResults.Back(http, "The experiment was stopped; its ads are as they were."),
            false => FormResults.BackWithProblem(http, "The experiment had ended before."),
            _ => Results.NotFound(),
        });
    }

    // What the page has shown, and nothing that was proposed since. A form that does not say which is of none.
    private static Guid Shown(HttpContext http) => Guid.TryParse(http.Request.Form["proposal"], out var proposal) ? proposal : Guid.Empty;
}
