using System.Globalization;
using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Batches;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Orchestrations;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Batches;

/// <summary>What a caller gets back at once: the rows are let in, look there for how far they are.</summary>
/// <param name="ToCreate">Rows that become runs.</param>
/// <param name="Existing">Rows that were sent before: nothing is made for them.</param>
internal sealed record AcceptedBatchResponse(Guid BatchId, string Status, int RowCount, int ToCreate, int Existing, string StatusUrl);

/// <summary>A batch, and a page of its rows.</summary>
internal sealed record BatchResponse(Batch Batch, Page<BatchRow> Rows);

internal static class BatchEndpoints
{
    private const string Csv = "text/csv";

    public static void MapBatches(this IEndpointRouteBuilder meta)
    {
        meta.MapPost("/orchestrate/batch", AcceptAsync).WithName("createBatch").RequireAuthorization(Policies.Operate).WithTags("Batches")
            .WithCsv().WithSummary("Ask for up to 1,000 ads with one file, as JSON {\"rows\": […]} or as CSV; dry_run=true tells what it would do")
            .WithMetadata(new InDoubtAdvice("Send it again: rows that were accepted are known by their account and row_id, and not made twice."))
            .Accepts<BatchRequest>("application/json", Csv)
            .Produces<AcceptedBatchResponse>(202).Produces<BatchPlan>().ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesValidationProblem(422);
        var batches = meta.MapGroup("/batches").WithTags("Batches");
        batches.MapGet("", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Batches, newest first").WithDescription("since and until: days in UTC on which they were sent. social_account_id: those with rows of the account. clip_id: those with a row whose run, or an edit since, was to show the clip; a row that has not begun has no run yet. requested_by: who sent it. changed_since: those that have not ended, and those that have ended since.").Produces<Page<Batch>>().ProducesValidationProblem(422);
        batches.MapGet("/{batchId:guid}", GetAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("How far a batch is, and its rows, a page at a time").WithDescription("state and social_account_id choose rows; the counts are of all.").Produces<BatchResponse>().ProducesProblem(404).ProducesValidationProblem(422);
        batches.MapGet("/{batchId:guid}/report", ReportAsync).RequireAuthorization(Policies.Read).WithCsv().WithSummary("What became of every row; as CSV with an error column, to be mended and sent again")
            .Produces<BatchRow[]>().ProducesProblem(404).ProducesValidationProblem(422);
        batches.MapGet("/{batchId:guid}/report.csv", CsvAsync).RequireAuthorization(Policies.Read).WithCsv().WithSummary("The report as CSV").Produces<string>(200, Csv).ProducesProblem(404).ProducesValidationProblem(422);
        batches.MapPost("/{batchId:guid}/pause", (Guid batchId, OrderBatch order, BatchReader reader, ClaimsPrincipal user, CancellationToken ct) => ChangedAsync(batchId, order.PauseAsync(batchId, user.CallerName(), ct), reader, ct))
            .Describe("Let no more rows in; what is begun goes on");
        batches.MapPost("/{batchId:guid}/resume", (Guid batchId, OrderBatch order, BatchReader reader, ClaimsPrincipal user, CancellationToken ct) => ChangedAsync(batchId, order.ResumeAsync(batchId, user.CallerName(), ct), reader, ct))
            .Describe("Go on with a paused batch", InDoubtAdvice.Undoes);
        batches.MapPost("/{batchId:guid}/cancel", (Guid batchId, OrderBatch order, BatchReader reader, ClaimsPrincipal user, CancellationToken ct) => ChangedAsync(batchId, order.CancelAsync(batchId, user.CallerName(), ct), reader, ct))
            .Describe("Begin no more rows and cancel the runs that have not ended; what was made stays");
    }

    private static void Describe(this RouteHandlerBuilder order, string summary, InDoubtAdvice? advice = null) =>
        order.RequireAuthorization(Policies.Operate).WithMetadata(advice ?? InDoubtAdvice.NoHarm).WithSummary(summary).Produces<Batch>(202).ProducesProblem(404).ProducesProblem(409);

    private static async Task<IResult> AcceptAsync(HttpContext http, AcceptBatch accept, string? name, [FromQuery(Name = "dry_run")] string? dryRun, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var query = new QueryFields();
        var isDry = query.Flag("dry_run", dryRun);
        name = query.Text("name", name);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        BatchAcceptance accepted;
        if (http.Request.HasJsonContentType())
        {
            var (body, problem) = await JsonBody.ReadRowsAsync(http.Request, ct);
            if (problem is not null) return problem;
            accepted = await accept.OfJsonAsync(body, name, http.User.CallerName(), IdempotencyKey.Of(http, idempotencyKey, body), isDry, ct);
        }
        else
        {
            var (bytes, problem) = await JsonBody.ReadOtherAsync(http.Request, Csv, ct);
            if (problem is not null) return problem;
            accepted = await accept.OfCsvAsync(bytes, name, http.User.CallerName(), IdempotencyKey.Of(http, idempotencyKey, bytes.Span), isDry, ct);
        }

        return accepted switch
        {
            BatchAcceptance.Accepted(var id, var rows, var isReplayed) => IdempotencyKey.Answer(http, isReplayed, Results.Accepted(UrlOf(id), new AcceptedBatchResponse(id, "running", rows.RowCount, rows.ToCreate, rows.Existing, UrlOf(id)))),
            BatchAcceptance.KeyReused => IdempotencyKey.Reused("file"),
            BatchAcceptance.Planned planned => Results.Ok(planned.Plan),
            BatchAcceptance.Invalid invalid => Refused(http, invalid),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };
    }

    // What is wrong with the file itself stands where every call tells it; rows have a list of their own, by number and id.
    private static IResult Refused(HttpContext http, BatchAcceptance.Invalid invalid)
    {
        if (http.Request.WantsCsv() && invalid.Errors.Rows.Count > 0)
        {
            http.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return BatchCsv.Of(invalid.Wrong, "errors.csv");
        }

        var errors = invalid.Errors;
        return new Problem(ProblemKind.InvalidFields, $"{(errors.Rows.Count == 0 ? "Something is wrong with the file" : "Some rows are wrong")}: nothing was accepted.", errors.OfFile.ToDictionary())
        {
            More = new Dictionary<string, object?> { ["rows"] = errors.Rows, ["error_count"] = errors.Count, ["untold"] = errors.Untold },
        };
    }

    private static async Task<IResult> ListAsync(
        BatchReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_id")] string? clipId, [FromQuery(Name = "requested_by")] string? requestedBy, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, [OneOf(typeof(Batch), nameof(Batch.States))] string? state, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new BatchFilter(query.Id("social_account_id", accountId), from, to, query.Text("requested_by", requestedBy), query.Moment("changed_since", changedSince), query.OneOf("state", state, Batch.States), query.Id("clip_id", clipId));
        var (before, count) = (query.Id("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<Batch>.From(await reader.ListAsync(filter, before, count + 1, ct), count, batch => batch.BatchId.ToString()));
    }

    private static async Task<IResult> GetAsync(Guid batchId, BatchReader reader, [OneOf(typeof(BatchRow), nameof(BatchRow.States))] string? state, [FromQuery(Name = "social_account_id")] string? accountId, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (after, count) = (query.Number("cursor", cursor) ?? 0, query.Limit(limit));
        var (word, account) = (query.OneOf("state", state, BatchRow.States), query.Id("social_account_id", accountId));
        if (after > int.MaxValue) query.Errors.Add("cursor", "must be the cursor of the page before");
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await reader.FindAsync(batchId, ct) is not { } batch) return Problems.NotFound("batch", batchId);
        var rows = await reader.ListRowsAsync(batchId, (int)after, count + 1, word, account, ct);
        return Results.Ok(new BatchResponse(batch, Page<BatchRow>.From(rows, count, row => row.Row.ToString(CultureInfo.InvariantCulture))));
    }

    private static async Task<IResult> ReportAsync(Guid batchId, HttpContext http, BatchReader reader, string? only, CancellationToken ct)
    {
        if (http.Request.WantsCsv()) return await CsvAsync(batchId, reader, only, ct);
        var onlyErrors = OnlyErrors(only, out var problem);
        if (problem is not null) return problem;
        if (await reader.FindAsync(batchId, ct) is null) return Problems.NotFound("batch", batchId);
        var rows = await reader.ListRowsAsync(batchId, 0, BatchRow.MostOfAFile, state: null, ct);
        return Results.Ok(onlyErrors ? rows.Where(row => row.State is "refused" or "failed") : rows);
    }

    private static async Task<IResult> CsvAsync(Guid batchId, BatchReader reader, string? only, CancellationToken ct)
    {
        var onlyErrors = OnlyErrors(only, out var problem);
        if (problem is not null) return problem;
        return await reader.FindFileAsync(batchId, onlyErrors, ct) is { } file ? BatchCsv.Of(file, onlyErrors ? "errors.csv" : "batch.csv") : Problems.NotFound("batch", batchId);
    }

    private static bool OnlyErrors(string? only, out IResult? problem)
    {
        problem = only is null or "errors" ? null : Problems.Invalid("only", "must be errors, or left out");
        return only is not null;
    }

    private static async Task<IResult> ChangedAsync(Guid batchId, Task<Change> change, BatchReader reader, CancellationToken ct) => await change switch
    {
        Change.Done => Results.Accepted(UrlOf(batchId), await reader.FindAsync(batchId, ct)),
        Change.WrongState wrong => Problems.Conflict(wrong.Reason),
        _ => Problems.NotFound("batch", batchId),
    };

    private static string UrlOf(Guid batchId) => $"/meta/batches/{batchId}";
}

/// <summary>A file of requests; for the description alone, since each row is judged with all others.</summary>
internal sealed record BatchRequest(IReadOnlyList<BatchRequestRow> Rows);

/// <param name="RowId">The caller's own id of the row, up to 100 characters: with its account it is what a row is known by.</param>
/// <param name="Brand">For {brand} in campaign_name. All other fields are those of a request.</param>
internal sealed record BatchRequestRow(string RowId, string? Brand)
{
    [System.Text.Json.Serialization.JsonExtensionData]
    public Dictionary<string, System.Text.Json.JsonElement>? Request { get; init; }
}
