using System.Text;
using System.Text.Json;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Console.Batches;

/// <summary>Sends files of requests from a page, and orders what becomes of them. A file that was judged comes back with the form, so that it need not be chosen twice.</summary>
internal static class BatchActions
{
    public const int MostMiB = 2;
    public static readonly IReadOnlyCollection<string> Fields = ["file"];
    private const int MostBytes = MostMiB * 1024 * 1024;

    // In base 64, with the form around it.
    private const int LongestForm = 2 * MostBytes;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static void MapBatchActions(this IEndpointRouteBuilder console)
    {
        console.MapPost("/batches/new", SendAsync).RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>().WithMetadata(new RequestSizeLimitAttribute(LongestForm)).WithOrder(-1);
        console.MapGet("/batches/{batchId:guid}/csv", CsvAsync).RequireAuthorization(ConsolePolicies.Read);
        var batch = console.MapGroup("/batches/{batchId:guid}").RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>();
        batch.MapPost("/pause", async (Guid batchId, OrderBatch order, HttpContext http) => await order.PauseAsync(batchId, http.User.CallerName(), http.RequestAborted) is Change.Done
            ? FormResults.Back(http, "The batch is paused: what is begun goes on.") : FormResults.BackWithProblem(http, "It can no longer be paused."));
        batch.MapPost("/resume", async (Guid batchId, OrderBatch order, HttpContext http) => await order.ResumeAsync(batchId, http.User.CallerName(), http.RequestAborted) is Change.Done
            ? FormResults.Back(http, "The batch goes on.") : FormResults.BackWithProblem(http, "Only a paused batch can be resumed."));
        batch.MapPost("/cancel", async (Guid batchId, OrderBatch order, HttpContext http) => await order.CancelAsync(batchId, http.User.CallerName(), http.RequestAborted) is Change.Done
            ? FormResults.Back(http, "The batch is being cancelled.") : FormResults.BackWithProblem(http, "It can no longer be cancelled."));
    }

    private static async Task<IResult> SendAsync(AcceptBatch accept, HttpContext http)
    {
        var errors = new FieldErrors();
        var (name, bytes) = await ReadAsync(http, errors);
        var order = http.Request.Form["do"].ToString();
        var accepted = bytes is null ? null : await AcceptAsync(accept, bytes, name, http.User.CallerName(), dryRun: order != "create", errors, http.RequestAborted);
        if (accepted is BatchAcceptance.Invalid { Errors.OfFile: { Any: true } ofFile })
            foreach (var (path, messages) in ofFile.ToDictionary())
                foreach (var message in messages) errors.Add("file", path == "$" ? message : $"{path}: {message}");
        (string, object?)[] file = [(nameof(BatchFormPage.Content), bytes is null ? null : Convert.ToBase64String(bytes)), (nameof(BatchFormPage.FileName), name)];
        var values = new FormBody(http.Request.Form, emptyIsNull: false).Refused(errors, "content");
        return accepted switch
        {
            BatchAcceptance.Accepted { BatchId: var id } => FormResults.On(http, $"/console/batches/{id}", "The batch was accepted."),
            BatchAcceptance.Planned planned => FormResults.Shown<BatchFormPage>(values, [(nameof(BatchFormPage.Plan), planned.Plan), .. file]),
            BatchAcceptance.Invalid invalid when order == "errors" && invalid.Errors.Rows.Count > 0 => BatchCsv.Of(invalid.Wrong, "errors.csv"),
            BatchAcceptance.Invalid invalid => FormResults.Again<BatchFormPage>(values, [(nameof(BatchFormPage.Wrong), invalid.Errors), .. file]),
            _ => FormResults.Again<BatchFormPage>(values),
        };
    }

    /// <returns>The file's name, and its bytes; null when there is none to be judged.</returns>
    private static async Task<(string? Name, byte[]? Bytes)> ReadAsync(HttpContext http, FieldErrors errors)
    {
        var form = http.Request.Form;
        if (form.Files["file"] is { Length: > 0 } chosen)
        {
            var name = new string([.. Path.GetFileName(chosen.FileName).Where(letter => !char.IsControl(letter)).Take(200)]);
            if (chosen.Length > MostBytes)
            {
                errors.Add("file", $"must be at most {MostMiB} MiB long");
                return (name, null);
            }

            var bytes = new byte[chosen.Length];
            await using var stream = chosen.OpenReadStream();
            await stream.ReadExactlyAsync(bytes, http.RequestAborted);
            return (name, bytes);
        }

        var content = new byte[form["content"].ToString().Length];
        if (content.Length > 0 && Convert.TryFromBase64String(form["content"].ToString(), content, out var read)) return (form["name"].ToString(), content[..read]);
        errors.Add("file", "is required");
        return (null, null);
    }

    private static async Task<BatchAcceptance?> AcceptAsync(AcceptBatch accept, byte[] bytes, string? name, string caller, bool dryRun, FieldErrors errors, CancellationToken ct)
    {
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0);
        // No name of a column begins so.
        if (text.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..]) return await accept.OfCsvAsync(bytes, name, caller, dryRun, ct);
        try
        {
            return await accept.OfJsonAsync(JsonElement.Parse(text.Span, Strict), name, caller, dryRun, ct);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            errors.Add("file", $"is not valid JSON: {exception.Message}");
            return null;
        }
    }

    private static async Task<IResult> CsvAsync(Guid batchId, BatchReader reader, string? only, HttpContext http) =>
        await reader.FindFileAsync(batchId, only == "errors", http.RequestAborted) is { } file ? BatchCsv.Of(file, only == "errors" ? "errors.csv" : "batch.csv") : Results.NotFound();
}
