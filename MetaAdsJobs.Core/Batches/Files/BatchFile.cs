using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Batches.Files;

/// <summary>One row as it was sent: a request, with the batch's own fields beside it.</summary>
/// <param name="Number">From 1 on.</param>
/// <param name="ExportedRun">The run that a report has told beside it; null of what is no report.</param>
internal sealed record FileRow(int Number, JsonObject Sent, Guid? ExportedRun = null);

/// <summary>A file of requests, taken apart and not yet judged.</summary>
/// <param name="Columns">The headings of a CSV file; null of JSON.</param>
/// <param name="Separator">Between the cells of a CSV file.</param>
internal sealed record BatchFile(IReadOnlyList<FileRow> Rows, IReadOnlyList<string>? Columns, char Separator = BatchFile.UsualSeparator)
{
    public const int MostRows = 1000;

    public const char UsualSeparator = ',';

    private const string Separators = ",;";
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads {"rows": […]}.</summary>
    /// <returns>Null when there are no rows to be judged; why is in the errors.</returns>
    public static BatchFile? OfJson(JsonElement body, RowErrors errors)
    {
        var fields = new JsonFields(body, errors.OfFile);
        if (!fields.IsObject) return null;
        fields.Has("rows");
        fields.RefuseUnknown();
        if (!body.TryGetProperty("rows", out var rows) || rows.ValueKind != JsonValueKind.Array) errors.OfFile.Add("rows", "must be a list of requests, each with its row_id");
        else Count(rows.GetArrayLength(), errors);
        if (errors.Any) return null;
        var read = new List<FileRow>();
        foreach (var (index, row) in rows.EnumerateArray().Index())
        {
            if (row.ValueKind != JsonValueKind.Object) errors.Add(index + 1, null, "$", "must be a JSON object");
            else if (!IsText(row)) errors.Add(index + 1, null, "$", "must be valid Unicode");
            else read.Add(new(index + 1, JsonObject.Create(row)!));
        }

        return new(read, null);
    }

    /// <summary>Reads CSV: UTF-8, with or without a mark of that, and the one of , and ; that the headings use. Rows are numbered as a reader counts them, the headings not among them.</summary>
    /// <inheritdoc cref="OfJson"/>
    public static BatchFile? OfCsv(ReadOnlyMemory<byte> bytes, RowErrors errors)
    {
        string text;
        try
        {
            text = Utf8.GetString(bytes.Span).TrimStart('\uFEFF');
        }
        catch (ArgumentException)
        {
            errors.OfFile.Add("$", "must be UTF-8: save it as \"CSV UTF-8\"");
            return null;
        }

        try
        {
            return Read(text, errors);
        }
        catch (CsvFormatException exception)
        {
            errors.OfFile.Add("$", $"is no CSV: {exception.Message}");
            return null;
        }
    }

    private static BatchFile? Read(string text, RowErrors errors)
    {
        var separator = SeparatorOf(text);
        using var csv = CsvReader.FromText(text, new CsvReaderOptions
        {
            Separator = separator, TrimWhitespace = true, MalformedData = CsvMalformedDataHandling.Throw,
        });
        var columns = csv.Headers.Select(heading => heading.Trim()).ToList();
        if (columns.Count == 0 || columns is [""]) errors.OfFile.Add("$", "is empty: its first line holds the names of the columns");
        foreach (var (index, column) in columns.Index())
        {
            if (RowColumns.Refusal(column) is { } refusal) errors.OfFile.Add($"column {index + 1}", refusal);
            else if (columns.IndexOf(column) < index) errors.OfFile.Add($"column {index + 1}", $"{column} is there twice");
        }

        if (!columns.Contains(RowColumns.RowId)) errors.OfFile.Add(RowColumns.RowId, "is a required column: your own id of each row");
        if (errors.Any) return null;

        var rows = new List<FileRow>();
        var (number, blank) = (0, 0);
        while (csv.Read())
        {
            number++;
            var (sent, run) = (new JsonObject(), (Guid?)null);
            for (var column = 0; column < Math.Min(columns.Count, csv.FieldCount); column++)
            {
                if (csv.GetString(column) is not { Length: > 0 } cell) continue;
                RowColumns.Put(sent, columns[column], cell);
                if (columns[column] == RowColumns.RequestId && Guid.TryParse(cell, out var told)) run = told;
            }

            // A spreadsheet leaves lines of nothing but separators behind.
            if (sent.Count == 0) blank++;
            else if (csv.FieldCount > columns.Count) errors.Add(number, (string?)sent[RowColumns.RowId], "$", $"has {csv.FieldCount} cells, and there are {columns.Count} columns: is a cell with a separator in it not quoted?");
            else rows.Add(new(number, sent, run));
            if (number - blank > MostRows) break;
        }

        Count(number - blank, errors);
        return errors.OfFile.Any ? null : new(rows, columns, separator);
    }

    // Half of a surrogate pair is no text that could be kept, or told.
    private static bool IsText(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(field => field.Name.Length >= 0 && IsText(field.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsText),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void Count(int rows, RowErrors errors)
    {
        if (rows == 0) errors.OfFile.Add("rows", "are none");
        else if (rows > MostRows) errors.OfFile.Add("rows", $"must be at most {MostRows}; send the others in a file of their own");
    }

    // Of the headings, in which there is neither within quotes: no name of a column has one.
    private static char SeparatorOf(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var first = end < 0 ? text : text[..end];
        return Separators.MaxBy(separator => first.Count(letter => letter == separator));
    }
}
