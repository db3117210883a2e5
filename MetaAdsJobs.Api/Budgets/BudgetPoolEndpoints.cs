using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Core.Budgets.Simulating;
using MetaAdsJobs.Core.Statistics;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Budgets;

internal sealed record BudgetMemberBody(string Id, long? MinCents = null, long? MaxCents = null);

/// <summary>The body of POST.</summary>
internal sealed record BudgetPoolBody(
    Guid SocialAccountId, string Name, IReadOnlyList<BudgetMemberBody> Members, string? Level = null, string? Mode = null, int? MaxStepPercent = null, decimal? LeastGainPercent = null);

/// <summary>The body of PATCH.</summary>
internal sealed record BudgetPoolChanges(string? Name = null, IReadOnlyList<BudgetMemberBody>? Members = null, string? Mode = null, int? MaxStepPercent = null, decimal? LeastGainPercent = null);

/// <summary>A pool's body, and over how many days it is tried.</summary>
internal sealed record BudgetPoolTrialBody(
    Guid SocialAccountId, string Name, IReadOnlyList<BudgetMemberBody> Members, string? Level = null, string? Mode = null, int? MaxStepPercent = null, decimal? LeastGainPercent = null, int? Days = null);

/// <summary>What would be changed of a pool, and over how many days that is tried.</summary>
internal sealed record BudgetPoolTrialChanges(IReadOnlyList<BudgetMemberBody>? Members = null, int? MaxStepPercent = null, decimal? LeastGainPercent = null, int? Days = null);

/// <summary>A market that is made up.</summary>
internal sealed record SimulationBody(string? Scenario = null, int? Members = null, int? Days = null, decimal? DailyBudget = null, decimal? LeastGainPercent = null, int? Seed = null);

/// <param name="Latest">Its newest proposal; null: none yet.</param>
/// <param name="ModeWhy">Why it asks although it was to act; null: somebody has given it the mode that it has.</param>
internal sealed record BudgetPoolResponse(
    Guid Id, Guid SocialAccountId, string Name, string Level, string Mode, string ModeBy, int MaxStepPercent, decimal LeastGainPercent, IReadOnlyList<BudgetMemberBody> Members, string CreatedBy, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt, BudgetProposal? Latest, string? ModeWhy)
{
    public static BudgetPoolResponse From(BudgetPool pool, BudgetProposal? latest) => new(
        pool.Id, pool.SocialAccountId, pool.Name, pool.Level, pool.Mode, pool.ModeBy, pool.MaxStepPercent, pool.LeastGainPercent,
        [.. pool.Members.Select(member => new BudgetMemberBody(member.MetaId, member.MinCents, member.MaxCents))], pool.CreatedBy, pool.CreatedAt, pool.UpdatedAt, latest, pool.ModeWhy);
}

/// <param name="Members">As they stand now; of budgets for a whole life how they are spent.</param>
/// <param name="Moves">Of the newest proposal.</param>
internal sealed record BudgetPoolDetail(BudgetPoolResponse Pool, IReadOnlyList<PoolMemberNow> Members, IReadOnlyList<BudgetMove> Moves);

/// <summary>Pools of campaigns or ad sets whose money is divided anew each night.</summary>
internal static class BudgetPoolEndpoints
{
    public static void MapBudgetPools(this IEndpointRouteBuilder meta)
    {
        var pools = meta.MapGroup("/budget-pools").WithTags("Budgets");
        pools.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Pools, each with its newest proposal").WithDescription("created_by: who made it. since and until: days in UTC on which they were made. changed_since: those that somebody has made or changed since.").Produces<Page<BudgetPoolResponse>>().ProducesValidationProblem(422);
        pools.MapPost("/", CreateAsync).RequireAuthorization(Policies.Operate).WithTag().WithMetadata(new InDoubtAdvice("Look in GET /meta/budget-pools first: it may have been made.")).WithSummary("Make a pool")
            .WithDescription("""
                members: 2 to 50 campaigns or ad sets (level: adset, or campaign) of one account that count the same results, each with its own bounds for a day, if it has any (min_cents, max_cents: hundredths of the account's
                currency). Those with a budget for their whole life are paced and not moved. mode: show (default: proposals are there to be seen), ask (each waits for somebody to accept it on its day), act (carried out by
                itself). max_step_percent: how far a budget is moved a day, 20 at the most. least_gain_percent: with less to be won nothing is proposed.
                """)
            .Accepts<BudgetPoolBody>("application/json").Produces<BudgetPoolResponse>(201).ProducesProblem(409).ProducesValidationProblem(422);
        pools.MapPost("/backtest", TryNewAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("What a pool would have proposed on the last nights (days: 14, at most 90) of what is stored; nothing is written")
            .Accepts<BudgetPoolTrialBody>("application/json").Produces<PoolTrial>().ProducesProblem(409).ProducesValidationProblem(422);
        pools.MapPost("/simulate", SimulateAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Let a pool act in a market that is made up, by the code that decides at night")
            .WithDescription("scenario: stable (default), drifting, broken_pixel, late_conversions or seasonal_week. members: 5, days: 42, daily_budget: 500 of all together. The same seed makes the same market.")
            .Accepts<SimulationBody>("application/json").Produces<SimulatedMarket>().ProducesValidationProblem(422);
        pools.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithTag().WithSummary("One pool: its members as they stand, and its newest proposal").Produces<BudgetPoolDetail>().ProducesProblem(404);
        pools.MapPatch("/{id:guid}", ChangeAsync).RequireAuthorization(Policies.Operate).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change one, or its mode")
            .WithDescription("What is absent stays; members are given whole. Account and level never change. Its last proposal is void, unless it has begun or is over, and the pool is looked at anew.")
            .Accepts<BudgetPoolChanges>("application/json").Produces<BudgetPoolResponse>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesValidationProblem(422);
        pools.MapDelete("/{id:guid}", DeleteAsync).RequireAuthorization(Policies.Operate).WithSummary("Take one away, with its proposals; budgets stay as they are").Produces(204).ProducesProblem(404).ProducesProblem(409);
        pools.MapPost("/{id:guid}/backtest", TryOneAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("The same of a pool that is there, as it is or as it would be changed")
            .Accepts<BudgetPoolTrialChanges>("application/json").Produces<PoolTrial>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        pools.MapProposals();
    }

    private static async Task<IResult> ListAsync(BudgetPoolStore store, BudgetReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "created_by")] string? createdBy, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new PoolFilter(query.Id("social_account_id", accountId), from, to, query.Text("created_by", createdBy), query.Moment("changed_since", changedSince));
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var pools = Page<BudgetPool>.From(await store.ListAsync(filter, after, count + 1, ct), count, pool => $"{pool.Id}");
        var latest = await reader.LatestAsync([.. pools.Items.Select(pool => pool.Id)], ct);
        return Results.Ok(new Page<BudgetPoolResponse>([.. pools.Items.Select(pool => BudgetPoolResponse.From(pool, latest.GetValueOrDefault(pool.Id)))], pools.NextCursor));
    }

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, BudgetPoolStore store, BudgetReader reader, CancellationToken ct)
    {
        if (await store.FindAsync(id, ct) is not { } pool) return NotFound(id);
        var latest = (await reader.LatestAsync([id], ct)).GetValueOrDefault(id);
        var detail = new BudgetPoolDetail(BudgetPoolResponse.From(pool, latest), await reader.MembersAsync(pool, ct), latest is null ? [] : await reader.MovesAsync(latest.Id, ct));
        return ChangeVersion.Tagged(response, pool.UpdatedAt, Results.Ok(detail));
    }

    private static async Task<IResult> CreateAsync(HttpRequest request, SaveBudgetPool save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(Guid.Empty, await save.CreateAsync(body, request.HttpContext.User.CallerName(), ct),
            pool => ChangeVersion.Tagged(request.HttpContext.Response, pool.UpdatedAt, Results.Created($"/meta/budget-pools/{pool.Id}", BudgetPoolResponse.From(pool, null))));
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveBudgetPool save, BudgetReader reader, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        var saved = await save.ChangeAsync(id, body, request.HttpContext.User.CallerName(), pool => ChangeVersion.Matches(request, pool.UpdatedAt), ct);
        var latest = (await reader.LatestAsync([id], ct)).GetValueOrDefault(id);
        return Answer(id, saved, pool => ChangeVersion.Tagged(request.HttpContext.Response, pool.UpdatedAt, Results.Ok(BudgetPoolResponse.From(pool, latest))));
    }

    private static async Task<IResult> DeleteAsync(Guid id, SaveBudgetPool save, CancellationToken ct) => Answer(id, await save.DeleteAsync(id, ct), _ => Results.NoContent());

    private static async Task<IResult> TryNewAsync(HttpRequest request, BacktestPool backtest, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Answer(Guid.Empty, await backtest.NewAsync(body, ct), trial => Results.Ok(trial));
    }

    private static async Task<IResult> TryOneAsync(Guid id, HttpRequest request, BacktestPool backtest, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Answer(id, await backtest.OneAsync(id, body, ct), trial => Results.Ok(trial));
    }

    private static async Task<IResult> SimulateAsync(HttpRequest request, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        var (simulation, errors) = SimulationRequest.Read(body);
        if (simulation is null) return Problems.Invalid(errors);
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Results.Ok(await Computation.RunAsync(() => simulation.Run(ct), ct));
    }

    private static IResult Answer<T>(Guid id, PoolOutcome<T> outcome, Func<T, IResult> done) => outcome switch
    {
        PoolOutcome<T>.Done one => done(one.Value),
        PoolOutcome<T>.Invalid invalid => Problems.Invalid(invalid.Errors),
        PoolOutcome<T>.Refused refused => Problems.Conflict(refused.Reason),
        PoolOutcome<T>.Outdated => ChangeVersion.Outdated("budget pool", id),
        _ => NotFound(id),
    };

    private static IResult NotFound(Guid id) => Problems.NotFound("budget pool", id);
}
