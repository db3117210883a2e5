using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Batches;

namespace MetaAdsJobs.Console.Batches;

/// <summary>Rows as a file of the form in which they were sent, with what became of each and why: mended, it can be sent again as it is.</summary>
public static class BatchCsv
{
    private static readonly string[] Told = ["state", "request_id", "error"];

    public static IResult Of(RowFile file, string fileName) => new CsvRows<SentRow>(fileName, [.. file.Columns, .. Told], file.Rows, (csv, row) =>
    {
        foreach (var column in file.Columns) csv.WriteField(row.Cell(column));
        csv.WriteField(row.Row.State);
        csv.WriteField(row.Row.RequestId, "D");
        csv.WriteField(row.Row.Errors.Count == 0 ? null : string.Join("; ", row.Row.Errors.Select(error => error.Text)));
    }, file.Separator);
}
