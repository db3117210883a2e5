using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Batches.Files;

/// <summary>
/// How a row's fields stand in a file's columns, and the other way round. A column is a field of a request, or one of targeting, as targeting.age_min. A cell is a text, a number,
/// true or false, as its field is; a list of words has | between them; what has fields of its own is JSON.
/// </summary>
internal static class RowColumns
{
    public const string RowId = "row_id";
    public const string Brand = "brand";
    public const string Error = "error";
    public const string RequestId = "request_id";
    private const string Targeting = "targeting";
    private const string BelowTargeting = Targeting + ".";
    private const char Between = '|';

    // What an exported file has beside the row; read again they ask for nothing.
    private static readonly string[] Told = ["state", RequestId, Error];

    // In targeting all else is a list, or JSON.
    private static readonly string[] NumbersOfTargeting = ["age_min", "age_max", "advantage_audience"];

    // What a spreadsheet would take for the beginning of a formula is exported with ' before it.
    private const string FormulaBegins = "=+-@\t\r";

    private static readonly Dictionary<string, ColumnKind> Kinds = typeof(OrchestrationRequest).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
        .Select(property => (Name: JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), Kind: KindOf(property.PropertyType)))
        .Append((RowId, ColumnKind.Text)).Append((Brand, ColumnKind.Text)).ToDictionary(one => one.Item1, one => one.Item2);

    private enum ColumnKind
    {
        Text,
        Number,
        Flag,
        Words,
        Json,
    }

    /// <returns>Why there can be no such column; null when there can.</returns>
    public static string? Refusal(string column) =>
        Kinds.ContainsKey(column) || Told.Contains(column) || (column.StartsWith(BelowTargeting, StringComparison.Ordinal) && column.Split('.').All(part => part.Length is > 0 and < 100)) ? null
            : $"{(column.Length == 0 ? "has no name" : $"\"{column.Cut(100)}\" is not a known column")}; known here: {string.Join(", ", Kinds.Keys.Order(StringComparer.Ordinal))}, and those of targeting, such as targeting.age_min";

    public static void Put(JsonObject sent, string column, string cell)
    {
        if (Told.Contains(column)) return;
        if (cell is ['\'', var first, ..] && FormulaBegins.Contains(first, StringComparison.Ordinal)) cell = cell[1..];
        if (!column.StartsWith(BelowTargeting, StringComparison.Ordinal))
        {
            sent[column] = Read(Kinds[column], cell);
            return;
        }

        // A column targeting that is no object is refused as such.
        var at = sent;
        var path = column.Split('.');
        foreach (var part in path[..^1])
        {
            if (!at.ContainsKey(part)) at[part] = new JsonObject();
            if (at[part] is not JsonObject below) return;
            at = below;
        }

        at[path[^1]] = Read(KindBelow(path[^1]), cell);
    }

    /// <summary>The columns of rows that came as JSON, in the order in which a request is told; what is asked for in no row has none.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<JsonObject> rows) => Of(rows.SelectMany(row => row.Select(field => field.Key)));

    /// <param name="fields">Of all rows together.</param>
    /// <inheritdoc cref="Of(IEnumerable{JsonObject})"/>
    public static IReadOnlyList<string> Of(IEnumerable<string> fields)
    {
        var used = fields.ToHashSet();
        return [.. ((string[])[RowId, Brand, .. Kinds.Keys]).Distinct().Where(used.Contains)];
    }

    /// <summary>The cell of a row; null when it is empty.</summary>
    public static string? Cell(JsonObject sent, string column)
    {
        JsonNode? value = sent;
        foreach (var part in column.StartsWith(BelowTargeting, StringComparison.Ordinal) ? column.Split('.') : [column])
            value = value is JsonObject at && at.TryGetPropertyValue(part, out var found) ? found : null;
        return value switch
        {
            null => null,
            JsonValue text when text.GetValueKind() == JsonValueKind.String => (string)text!,
            JsonArray list when IsOfWords(column) && list.All(IsWord) => string.Join(Between, list.Select(item => item!.GetValueKind() == JsonValueKind.String ? (string)item! : item.ToJsonString())),
            _ => value.ToJsonString(),
        };
    }

    /// <summary>Those of a file's columns that mean something when it is read.</summary>
    public static IReadOnlyList<string> Asked(IEnumerable<string> columns) => [.. columns.Where(column => !Told.Contains(column))];

    private static bool IsOfWords(string column) => column.StartsWith(BelowTargeting, StringComparison.Ordinal) ? KindBelow(column.Split('.')[^1]) == ColumnKind.Words : Kinds.GetValueOrDefault(column) == ColumnKind.Words;

    private static bool IsWord(JsonNode? item) => item is JsonValue value && (value.GetValueKind() == JsonValueKind.Number
        || (value.GetValueKind() == JsonValueKind.String && (string)value! is { Length: > 0 } text && !text.Contains(Between, StringComparison.Ordinal) && text.Trim() == text && AsNumber(text) is null && text[0] is not ('[' or '{')));

    private static ColumnKind KindBelow(string name) => NumbersOfTargeting.Contains(name) ? ColumnKind.Number : ColumnKind.Words;

    private static ColumnKind KindOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var text when text == typeof(string) || text == typeof(Guid) || text == typeof(DateTimeOffset) => ColumnKind.Text,
        var number when number == typeof(long) || number == typeof(int) || number == typeof(decimal) => ColumnKind.Number,
        var flag when flag == typeof(bool) => ColumnKind.Flag,
        var words when words == typeof(IReadOnlyList<string>) => ColumnKind.Words,
        _ => ColumnKind.Json,
    };

    // What cannot be read as its field's kind stays a text: the field's own rule tells what it must be.
    private static JsonNode Read(ColumnKind kind, string cell) => kind switch
    {
        ColumnKind.Number => AsNumber(cell) ?? cell,
        ColumnKind.Flag => cell.ToLowerInvariant() switch { "true" => true, "false" => false, _ => cell },
        ColumnKind.Words => AsJson(cell) ?? new JsonArray([.. cell.Split(Between, StringSplitOptions.TrimEntries).Select(word => AsNumber(word) ?? word)]),
        ColumnKind.Json => AsJson(cell) ?? cell,
        _ => cell,
    };

    private static JsonNode? AsNumber(string text) => text.Length < 30 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        ? number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (JsonNode)(long)number : number : null;

    private static JsonNode? AsJson(string cell)
    {
        if (cell[0] is not ('[' or '{')) return null;
        try
        {
            return JsonTexts.Parse(cell);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
