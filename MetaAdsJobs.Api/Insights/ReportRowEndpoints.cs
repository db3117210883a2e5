using System.ComponentModel.DataAnnotations;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights.Definitions;
using MetaAdsJobs.Core.Insights.Reading;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal static class ReportRowEndpoints
{
    public static void MapReportRows(this IEndpointRouteBuilder insights) => insights.MapGet("/rows", ListAsync).WithCsv()
        .WithSummary("The rows of one of an account's reports; Accept: text/csv streams them all")
        .WithDescription("The rows of a report that was ended stay, under its name, until another takes that. fields is the row as Meta gave it; reach is that of the row alone.")
        .Produces<Page<ReportRow>>().ProducesProblem(404).ProducesValidationProblem(422);

    private static async Task<IResult> ListAsync(
        HttpRequest request, AccountStore accounts, ReportDefinitionStore definitions, ReportRowReader reader,
        [FromQuery(Name = "social_account_id"), Required] string? accountId, [FromQuery(Name = "report"), Required] string? reportName,
        string? since, string? until, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var account = query.RequiredId("social_account_id", accountId);
        var name = query.Text("report", reportName) ?? "";
        if (string.IsNullOrEmpty(reportName)) query.Errors.Add("report", "is required");
        var (from, to) = query.Days(since, until);
        var after = InsightCursors.ReportRow(cursor, query.Errors);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await accounts.FindAsync(account, ct) is null) return Problems.NotFound("social account", account);
        if (await definitions.FindLastAsync(account, name, ct) is not { } report) return Problems.NotFound("report", name);
        if (request.WantsCsv()) return ReportCsv.Of(report, reader.StreamAsync(report, from, to, ct));
        return Results.Ok(Page<ReportRow>.From(await reader.ListAsync(report, from, to, after, count + 1, ct), count, InsightCursors.Format));
    }
}
