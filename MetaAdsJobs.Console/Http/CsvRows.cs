using CsvHelper;

namespace MetaAdsJobs.Console.Http;

/// <summary>Writes rows as they come from the database; memory does not grow with their number.</summary>
public sealed class CsvRows<T>(string fileName, IReadOnlyList<string> headings, IAsyncEnumerable<T> rows, Action<CsvWriter, T> write, char separator = ',') : IResult
{
    // Names and breakdown values are other people's text: a spreadsheet must not take one for a formula.
    private readonly CsvWriterOptions _noFormulas = new() { Injection = CsvInjection.Escape, Separator = separator };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var streams = httpContext.RequestServices.GetRequiredService<LongCalls>().Streams;
        using var place = streams.TryTake(httpContext);
        if (place is null)
        {
            await streams.Refused().ExecuteAsync(httpContext);
            return;
        }

        var ct = httpContext.RequestAborted;
        httpContext.Response.ContentType = "text/csv; charset=utf-8";
        httpContext.Response.Headers.ContentDisposition = $"attachment; filename={fileName}";
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            // Else nothing would ask for what GET tells of its form.
            await httpContext.Response.StartAsync(ct);
            return;
        }

        await using var csv = CsvWriter.Create(httpContext.Response.Body, _noFormulas, leaveOpen: true);
        foreach (var heading in headings) csv.WriteField(heading);
        await csv.EndRecordAsync(ct);
        await foreach (var row in rows.WithCancellation(ct))
        {
            write(csv, row);
            await csv.EndRecordAsync(ct);
        }
    }
}

public static class CsvFields
{
    /// <summary>Whether it asks for CSV, and not rather for JSON.</summary>
    public static bool WantsCsv(this HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        double Wish(string type) => accepted.Where(one => one.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)).Max(one => (double?)(one.Quality ?? 1)) ?? 0;
        return Wish("text/csv") is > 0 and var csv && csv >= Wish("application/json");
    }

    public static void WriteDay(this CsvWriter csv, DateOnly day) => csv.WriteField(day, "yyyy-MM-dd");

    public static void WriteMoment(this CsvWriter csv, DateTimeOffset moment) => csv.WriteField(moment.UtcDateTime, "yyyy-MM-ddTHH:mm:ssZ");

    public static void WriteFlag(this CsvWriter csv, bool? flag) => csv.WriteField(flag is null ? null : flag.Value ? "true" : "false");
}
