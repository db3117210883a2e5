using System.Security.Claims;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Experiments.Simulating;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Statistics;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Experiments;

/// <summary>The body of POST: a request, and its variants. Each variant has a name, and fields of a request that belong to the thing.</summary>
internal sealed record ExperimentBody(
    string Name, string Thing, IReadOnlyList<JsonObject> Variants, OrchestrationRequest Request, string? Level = null, string? Metric = null, string? Counts = null, int? SmallestDifferencePercent = null, int? LeastResults = null,
    int? AttributionDays = null, int? MostDays = null, bool? Split = null);

/// <summary>What a caller gets back at once: the ads are being built.</summary>
internal sealed record BegunExperimentResponse(Guid ExperimentId, Guid RequestId, string Status, string StatusUrl, ExperimentPlan Plan);

/// <summary>A market that is made up.</summary>
internal sealed record ExperimentSimulationBody(
    string? Scenario = null, string? Level = null, string? Metric = null, int? Variants = null, decimal? BetterPercent = null, int? SmallestDifferencePercent = null, decimal? ResultsADay = null, int? Days = null,
    int? LeastResults = null, int? AttributionDays = null, int? Runs = null, int? Seed = null);

/// <param name="MoveBudget">The winner gets the daily budgets of all variants; else its own stays.</param>
/// <param name="ProposalId">The one that is meant: 409 when it is open no longer. Without it, whichever is.</param>
internal sealed record ProposalAcceptance(bool MoveBudget = false, Guid? ProposalId = null);

/// <summary>Which variant works better: asked for, judged each night, and what to do about it.</summary>
internal static class ExperimentEndpoints
{
    public static void MapExperiments(this IEndpointRouteBuilder meta)
    {
        var experiments = meta.MapGroup("/experiments").WithTags("Experiments");
        experiments.MapPost("/", StartAsync).RequireAuthorization(Policies.Operate).WithSummary("Compare two to five variants of one thing; dry_run=true tells what it takes, and writes nothing")
            .WithDescription("""
                request: the body of POST /meta/orchestrate/run, with a daily budget; each variant becomes an ad set of its own with that budget, in one campaign; with level ad, where a
                text or a creative differs, all are ads of one ad set. thing: creative, text, audience, goal or bid; a variant's fields are
                those of a request that belong to it. metric: cost_per_result, result_rate (results per link click) or value_per_spend. counts: the one action that is counted where goals differ. smallest_difference_percent (20):
                what is worth knowing. least_results (50) of each variant, attribution_days (7) after which a day counts, most_days: the longest time, in whole weeks; by the plan when absent.
                """)
            .WithMetadata(new InDoubtAdvice("Send it again with the same Idempotency-Key: it is begun once. If it had none, look in GET /meta/experiments first."))
            .Accepts<ExperimentBody>("application/json").Produces<BegunExperimentResponse>(202).Produces<ExperimentPlan>().ProducesProblem(400).ProducesProblem(409).ProducesValidationProblem(422);
        experiments.MapPost("/simulate", SimulateAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Experiments in a market that is made up, judged night by night by the code that judges what is stored")
            .WithDescription("""
                scenario: stable (default), drifting, broken_pixel, late_conversions or seasonal_week. The last of variants (2) is better_percent (20; 0: all are alike) better than the others, each with results_a_day (20), for days (42).
                runs (1, at most 200) with other chances each: how many were right, wrong or undecided; nights are those of the first. The same seed makes the same market.
                """)
            .Accepts<ExperimentSimulationBody>("application/json").Produces<SimulatedExperiments>().ProducesValidationProblem(422);
        experiments.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Experiments, newest first; state: running, decided or stopped").WithDescription("created_by: who began it. clip_id: whose run, or an edit since, was to show the clip. since and until: days in UTC on which they were begun. changed_since: those that run, and those that were judged, decided or stopped since.").Produces<Page<ExperimentSummary>>().ProducesValidationProblem(422);
        experiments.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("One: what its numbers say, which gates are shut, and what is proposed").Produces<ExperimentDetail>().ProducesProblem(404);
        experiments.MapGet("/{id:guid}/verdicts", HistoryAsync).RequireAuthorization(Policies.Read).WithSummary("What was said each night, the earliest first; the last 400").Produces<IReadOnlyList<ExperimentHistory>>().ProducesProblem(404);
        experiments.MapPost("/{id:guid}/proposal/accept", AcceptAsync).RequireAuthorization(Policies.Operate).WithSummary("Have what is proposed done, by edits like any other; the body may be left out")
            .WithMetadata(new InDoubtAdvice("Look at the experiment: what was accepted is carried out once."))
            .Accepts<ProposalAcceptance>(isOptional: true, "application/json").Produces<ExperimentDetail>(202).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        experiments.MapPost("/{id:guid}/stop", async (Guid id, StopExperiment stop, ExperimentReader reader, ClaimsPrincipal user, CancellationToken ct) => await stop.ExecuteAsync(id, user.CallerName(), ct) switch
        {
            true => Results.Ok(await reader.FindAsync(id, ct)),
            false => Problems.Conflict("It has ended before"),
            _ => NotFound(id),
        }).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("End it without a verdict; its ads are left as they are").Produces<ExperimentDetail>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> StartAsync(
        HttpContext http, StartExperiment start, [FromQuery(Name = "dry_run")] string? dryRun, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        var query = new QueryFields();
        var isDry = query.Flag("dry_run", dryRun);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem;
        switch (await start.ExecuteAsync(body, http.User.CallerName(), idempotencyKey, isDry, ct))
        {
            case ExperimentStarted.Planned planned:
                return Results.Ok(planned.Plan);
            case ExperimentStarted.Begun begun:
                IdempotencyKey.Tell(http, begun.Replayed);
                var url = $"/meta/experiments/{begun.ExperimentId}";
                return Results.Accepted(url, new BegunExperimentResponse(begun.ExperimentId, begun.RequestId, "running", url, begun.Plan));
            case ExperimentStarted.Invalid invalid:
                return Problems.Invalid(invalid.Errors);
            default:
                return IdempotencyKey.Reused("experiment");
        }
    }

    private static async Task<IResult> SimulateAsync(HttpRequest request, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        var (simulation, errors) = ExperimentSimulation.Read(body);
        if (simulation is null) return Problems.Invalid(errors);
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Results.Ok(await Computation.RunAsync(() => simulation.Run(ct), ct));
    }

    private static async Task<IResult> ListAsync(ExperimentReader reader, [OneOf(typeof(ExperimentReader), nameof(ExperimentReader.States))] string? state, [FromQuery(Name = "social_account_id")] string? accountId,
        [FromQuery(Name = "clip_id")] string? clipId, [FromQuery(Name = "created_by")] string? createdBy, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new ExperimentFilter(state, query.Id("social_account_id", accountId), from, to, query.Text("created_by", createdBy), query.Moment("changed_since", changedSince), query.Id("clip_id", clipId));
        if (state is not null && !ExperimentReader.States.Contains(state)) query.Errors.Add("state", $"must be one of {string.Join(", ", ExperimentReader.States)}");
        var (after, count) = (query.Id("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<ExperimentSummary>.From(await reader.ListAsync(filter, after, count + 1, ct), count, one => $"{one.Id}"));
    }

    private static async Task<IResult> GetAsync(Guid id, ExperimentReader reader, CancellationToken ct) => await reader.FindAsync(id, ct) is { } one ? Results.Ok(one) : NotFound(id);

    private static async Task<IResult> HistoryAsync(Guid id, ExperimentReader reader, CancellationToken ct) => await reader.HistoryAsync(id, ct) is { } history ? Results.Ok(history) : NotFound(id);

    private static async Task<IResult> AcceptAsync(Guid id, HttpContext http, AcceptProposal accept, ExperimentReader reader, CancellationToken ct)
    {
        var (move, proposal) = (false, (Guid?)null);
        var (body, problem) = await JsonBody.ReadOptionalAsync(http.Request, JsonBody.MaxBytes, ct);
        if (problem is not null) return problem;
        if (body is { } sent)
        {
            var errors = new FieldErrors();
            var fields = new JsonFields(sent, errors);
            (move, proposal) = (fields.Flag("move_budget") == true, fields.Id("proposal_id"));
            fields.RefuseUnknown();
            if (errors.Any) return Problems.Invalid(errors);
        }

        return await accept.ExecuteAsync(id, proposal, move, http.User.CallerName(), ct) switch
        {
            ProposalAnswer.Accepted => Results.Accepted($"/meta/experiments/{id}", await reader.FindAsync(id, ct)),
            ProposalAnswer.NotOpen => Problems.Conflict("Nothing is proposed, or not what is meant: it was accepted before, taken back, or there is nothing to be done"),
            ProposalAnswer.NotFresh => Problems.Conflict("Its numbers are old, or are just being read again: ask again once they are read and judged, within a minute of that"),
            _ => NotFound(id),
        };
    }

    private static IResult NotFound(Guid id) => Problems.NotFound("experiment", id);
}
