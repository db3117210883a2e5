using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights.Definitions;

namespace MetaAdsJobs.Api.Insights;

/// <summary>The body of POST: a report that an account is asked for every night.</summary>
internal sealed record ReportBody(
    string Name, string Level, IReadOnlyList<string>? Fields = null, IReadOnlyList<string>? Breakdowns = null, IReadOnlyList<string>? ActionAttributionWindows = null);

internal sealed record ReportResponse(
    string Name, string Level, IReadOnlyList<string> Fields, IReadOnlyList<string> Breakdowns, IReadOnlyList<string> ActionAttributionWindows, DateTimeOffset CreatedAt)
{
    public static ReportResponse From(ReportDefinition report) =>
        new(report.Name, report.Level, report.Fields, report.Breakdowns, report.AttributionWindows, report.CreatedAt);
}

internal static class ReportDefinitionEndpoints
{
    public static void MapReportDefinitions(this IEndpointRouteBuilder meta)
    {
        var reports = meta.MapGroup("/accounts/{id:guid}/reports").WithTags("Insights");
        reports.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("What an account is asked for every night beside the numbers of its ads")
            .Produces<Page<ReportResponse>>().ProducesProblem(404);
        reports.MapGet("/{name}", GetAsync).RequireAuthorization(Policies.Read).WithSummary("One of them").Produces<ReportResponse>().ProducesProblem(404);
        reports.MapPost("/", CreateAsync).RequireAuthorization(Policies.Administer)
            .WithMetadata(new InDoubtAdvice("Send it again: 409 tells that it was defined.")).WithSummary("Ask an account for another report every night")
            .WithDescription("""
                level is account, campaign, adset or ad. Ids, the day, impressions and spend are always fetched; fields names what else, of Meta's insight fields, and
                may be left out for the usual ones. At most 4 breakdowns; Meta keeps reach with breakdowns for 13 months only. action_attribution_windows: 1d_click,
                7d_click, 28d_click, 1d_ev, 1d_view, dda, default; none means the ad account's own. An account has at most 10 reports; one does not change: end it and
                define another.
                """)
            .Accepts<ReportBody>("application/json").Produces<ReportResponse>(201).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        reports.MapDelete("/{name}", EndAsync).WithMetadata(InDoubtAdvice.Undoes).RequireAuthorization(Policies.Administer).WithSummary("Ask for a report no longer; its rows stay")
            .Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> ListAsync(Guid id, AccountStore accounts, ReportDefinitionStore store, CancellationToken ct) =>
        await accounts.FindAsync(id, ct) is null
            ? Problems.NotFound("social account", id)
            : Results.Ok(new Page<ReportResponse>([.. (await store.ListAsync(id, ct)).Select(ReportResponse.From)], null));

    private static async Task<IResult> GetAsync(Guid id, string name, ReportDefinitionStore store, CancellationToken ct) =>
        await store.FindAsync(id, name, ct) is { } report ? Results.Ok(ReportResponse.From(report)) : NotFound(id, name);

    private static async Task<IResult> CreateAsync(Guid id, HttpRequest request, DefineReport define, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await define.ExecuteAsync(id, body, ct) switch
        {
            ReportDefined.Done done => Results.Created($"/meta/accounts/{id}/reports/{done.Definition.Name}", ReportResponse.From(done.Definition)),
            ReportDefined.Invalid invalid => Problems.Invalid(invalid.Errors),
            ReportDefined.TooMany many => Problems.Invalid("$", $"an account has at most {many.Most} reports, each of which is fetched every night; end one first"),
            ReportDefined.NameTaken taken => Problems.Of(ProblemKind.ExistsAlready, $"The account has a report {taken.Name} already; a report does not change: end it, or take another name."),
            _ => Problems.NotFound("social account", id),
        };
    }

    private static async Task<IResult> EndAsync(Guid id, string name, ReportDefinitionStore store, CancellationToken ct) =>
        await store.EndAsync(id, name, ct) ? Results.NoContent() : NotFound(id, name);

    private static IResult NotFound(Guid id, string name) =>
        Problems.NotFound($"report of social account {id} named", new string([.. name.Where(c => !char.IsControl(c)).Take(100)]));
}
