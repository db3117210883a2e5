using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Alerts;

/// <summary>The body of POST.</summary>
internal sealed record AlertRuleBody(
    string Name, string Metric, string When, decimal Threshold, string? Level = null, IReadOnlyList<Guid>? AccountIds = null, IReadOnlyList<string>? CampaignIds = null, int? WindowDays = null, int? WindowHours = null,
    string? Compare = null, int? MedianDays = null, decimal? ResolveAt = null, string? FloorMetric = null, decimal? FloorLeast = null, int? Evaluations = null, int? CooldownMinutes = null, string? Severity = null,
    string? GroupBy = null, bool? Enabled = null);

/// <summary>The body of PATCH.</summary>
internal sealed record AlertRuleChanges(
    string? Name = null, string? When = null, decimal? Threshold = null, IReadOnlyList<Guid>? AccountIds = null, IReadOnlyList<string>? CampaignIds = null, int? WindowDays = null, int? WindowHours = null,
    string? Compare = null, int? MedianDays = null, decimal? ResolveAt = null, string? FloorMetric = null, decimal? FloorLeast = null, int? Evaluations = null, int? CooldownMinutes = null, string? Severity = null,
    string? GroupBy = null, bool? Enabled = null);

/// <summary>A rule's body, and on how many days it is tried.</summary>
internal sealed record AlertRuleTrialBody(
    string Name, string Metric, string When, decimal Threshold, string? Level = null, IReadOnlyList<Guid>? AccountIds = null, IReadOnlyList<string>? CampaignIds = null, int? WindowDays = null, int? WindowHours = null,
    string? Compare = null, int? MedianDays = null, decimal? ResolveAt = null, string? FloorMetric = null, decimal? FloorLeast = null, int? Evaluations = null, int? CooldownMinutes = null, string? Severity = null,
    string? GroupBy = null, int? Days = null);

/// <summary>What would be changed of a rule, and on how many days that is tried.</summary>
internal sealed record AlertRuleTrialChanges(
    string? When = null, decimal? Threshold = null, IReadOnlyList<Guid>? AccountIds = null, IReadOnlyList<string>? CampaignIds = null, int? WindowDays = null, int? WindowHours = null, string? Compare = null, int? MedianDays = null,
    decimal? ResolveAt = null, string? FloorMetric = null, decimal? FloorLeast = null, int? Evaluations = null, int? CooldownMinutes = null, string? Severity = null, string? GroupBy = null, int? Days = null);

internal sealed record AlertRuleResponse(
    Guid Id, string? BuiltIn, string Name, string Metric, string Unit, string Level, IReadOnlyList<Guid>? AccountIds, IReadOnlyList<string>? CampaignIds, int? WindowDays, int? WindowHours, string Compare, int? MedianDays,
    string When, decimal Threshold, decimal? ResolveAt, string? FloorMetric, decimal? FloorLeast, int Evaluations, int CooldownMinutes, string Severity, string GroupBy, bool Enabled, string CreatedBy, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt, DateTimeOffset? EvaluatedAt)
{
    public static AlertRuleResponse From(AlertRule rule) => new(
        rule.Id, rule.BuiltIn, rule.Name, rule.Metric, rule.Watched.Unit, rule.Level, rule.AccountIds, rule.CampaignIds, rule.WindowDays, rule.WindowHours, rule.Compare, rule.MedianDays, rule.Direction, rule.Threshold,
        rule.ResolveAt, rule.FloorMetric, rule.FloorLeast, rule.Evaluations, rule.CooldownMinutes, rule.Severity, rule.GroupBy, rule.Enabled, rule.CreatedBy, rule.CreatedAt, rule.UpdatedAt, rule.EvaluatedAt);
}

/// <param name="Objects">Of which there is something to say, what fires first; at most 200.</param>
/// <param name="Evaluations">Why it acted, or not, newest first; those that found the same are one. At most 100.</param>
internal sealed record AlertRuleDetail(AlertRuleResponse Rule, IReadOnlyList<WatchedObject> Objects, IReadOnlyList<AlertEvaluation> Evaluations);

/// <summary>What is watched, and why it acted or not.</summary>
internal static class AlertRuleEndpoints
{
    private const int Objects = 200;
    private const int Evaluations = 100;

    public static void MapRules(this IEndpointRouteBuilder alerts)
    {
        var rules = alerts.MapGroup("/rules");
        rules.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("What is watched, the built-in rules first")
            .WithDescription("social_account_id: those that watch the account, with others or with all; of named campaigns, one of its own at least. created_by: who made them. since and until: days in UTC on which they were made. changed_since: made, changed, or switched on or off.")
            .Produces<Page<AlertRuleResponse>>().ProducesValidationProblem(422);
        rules.MapPost("/", CreateAsync).RequireAuthorization(Policies.Operate).WithTag().WithMetadata(new InDoubtAdvice("Look in GET /meta/alerts/rules first: sent again, it makes a second rule.")).WithSummary("Make a rule")
            .WithDescription("""
                metric: spend, impressions, clicks, results, ctr, cpm, cpc, cost_per_result or spend_without_results, of campaigns, accounts, ad sets or ads (level), over window_days of the account's own calendar, as far as they
                are finally stored; failed_runs within window_hours; rejected_ads, token_days_left, sync_age_hours; difference_percent within window_days. It fires when the metric is above or below (when) the threshold, or, with
                compare: median, that percentage of the object's own median of median_days (7 or 28) before the window. resolve_at: where it is well again. floor_metric and floor_least: with less of it nothing is judged.
                evaluations: so often in a row; of days, so many days. cooldown_minutes: for so long all must be well until the alert is over, and between two messages of it. group_by: one alert for the rule, or one for each
                account. A new rule is off unless enabled says otherwise: try it first.
                """)
            .Accepts<AlertRuleBody>("application/json").Produces<AlertRuleResponse>(201).ProducesValidationProblem(422);
        rules.MapPost("/try", TryNewAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("What a rule would have done on the last days (days: 14, at most 60) of what is stored; nothing is written, and nobody told")
            .Accepts<AlertRuleTrialBody>("application/json").Produces<RuleTrial>().ProducesValidationProblem(422);
        rules.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithTag().WithSummary("One rule: what it has found, and why it acted or not").Produces<AlertRuleDetail>().ProducesProblem(404);
        rules.MapPatch("/{id:guid}", ChangeAsync).RequireAuthorization(Policies.Operate).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change one, or switch it on or off")
            .WithDescription("What is absent stays; null takes an optional field away. Metric and level never change. An alert of a rule that is switched off is over, and told as such.")
            .Accepts<AlertRuleChanges>("application/json").Produces<AlertRuleResponse>().ProducesProblem(404).ProducesProblem(412).ProducesValidationProblem(422);
        rules.MapDelete("/{id:guid}", DeleteAsync).RequireAuthorization(Policies.Operate).WithSummary("Take one away; a built-in one can only be switched off").Produces(204).ProducesProblem(404).ProducesProblem(409);
        rules.MapPost("/{id:guid}/try", TryOneAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("The same of a rule that is there, as it is or as it would be changed")
            .Accepts<AlertRuleTrialChanges>("application/json").Produces<RuleTrial>().ProducesProblem(404).ProducesValidationProblem(422);
    }

    private static async Task<IResult> ListAsync(
        AlertRuleStore store, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "created_by")] string? createdBy, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new AlertRuleFilter(query.Id("social_account_id", accountId), query.Moment("changed_since", changedSince), query.Text("created_by", createdBy), from, to);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(new Page<AlertRuleResponse>([.. (await store.ListAsync(filter, ct)).Select(AlertRuleResponse.From)], null));
    }

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, AlertRuleStore store, AlertReader reader, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } rule
            ? ChangeVersion.Tagged(response, rule.UpdatedAt, Results.Ok(new AlertRuleDetail(AlertRuleResponse.From(rule), await reader.WatchedAsync(id, Objects, ct), await reader.EvaluationsAsync(id, Evaluations, ct)))) : NotFound(id);

    private static async Task<IResult> CreateAsync(HttpRequest request, SaveAlertRule save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(Guid.Empty, await save.CreateAsync(body, request.HttpContext.User.CallerName(), ct),
            rule => ChangeVersion.Tagged(request.HttpContext.Response, rule.UpdatedAt, Results.Created($"/meta/alerts/rules/{rule.Id}", AlertRuleResponse.From(rule))));
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveAlertRule save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(id, await save.ChangeAsync(id, body, rule => ChangeVersion.Matches(request, rule.UpdatedAt), ct), rule => ChangeVersion.Tagged(request.HttpContext.Response, rule.UpdatedAt, Results.Ok(AlertRuleResponse.From(rule))));
    }

    private static async Task<IResult> DeleteAsync(Guid id, SaveAlertRule save, CancellationToken ct) => Answer(id, await save.DeleteAsync(id, ct), _ => Results.NoContent());

    private static async Task<IResult> TryNewAsync(HttpRequest request, TryAlertRule attempt, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Answer(Guid.Empty, await attempt.NewAsync(body, ct));
    }

    private static async Task<IResult> TryOneAsync(Guid id, HttpRequest request, TryAlertRule attempt, LongCalls calls, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        using var place = await calls.Computations.TakeAsync(request.HttpContext);
        return place is null ? calls.Computations.Refused() : Answer(id, await attempt.OneAsync(id, body, ct));
    }

    private static IResult Answer(Guid id, AlertRuleSaved saved, Func<AlertRule, IResult> done) => saved switch
    {
        AlertRuleSaved.Done one => done(one.Value),
        AlertRuleSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
        AlertRuleSaved.Refused refused => Problems.Conflict(refused.Reason),
        AlertRuleSaved.Outdated => ChangeVersion.Outdated("alert rule", id),
        _ => NotFound(id),
    };

    private static IResult Answer(Guid id, RuleTried tried) => tried switch
    {
        RuleTried.Done done => Results.Ok(done.Trial),
        RuleTried.Invalid invalid => Problems.Invalid(invalid.Errors),
        _ => NotFound(id),
    };

    private static IResult NotFound(Guid id) => Problems.NotFound("alert rule", id);
}
