using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.Core.Validation;

/// <summary>
/// Reads one JSON object field by field, noting what is wrong with each, and at the end refuses by name what nobody read.
/// A reader returns null when the field is absent or wrong; wrong ones are noted, absent ones only when required.
/// </summary>
public sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _prefix;
    private readonly HashSet<string> _known = [];

    public JsonFields(JsonElement element, FieldErrors errors, string path = "")
    {
        Errors = errors;
        _prefix = path.Length == 0 ? "" : path + ".";
        IsObject = element.ValueKind == JsonValueKind.Object;
        _object = element;
        if (!IsObject) errors.Add(path.Length == 0 ? "$" : path, "must be a JSON object");
    }

    public FieldErrors Errors { get; }

    public bool IsObject { get; }

    /// <summary>What is read.</summary>
    internal JsonElement Element => _object;

    public string PathOf(string name) => _prefix + name;

    public void Refuse(string name, string message) => Errors.Add(PathOf(name), message);

    public bool Has(string name) => Find(name, required: false) is not null;

    /// <summary>Given, and null: for bodies in which that is something else than absent.</summary>
    public bool IsNull(string name) => IsObject && _object.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Null;

    public string? Text(string name, bool required = false, int max = 255, bool multiline = false)
    {
        if (Find(name, required) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) return Wrong<string>(name, "must be a text");
        return TextOf(value, PathOf(name), max, multiline);
    }

    public Guid? Id(string name, bool required = false)
    {
        if (Find(name, required) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String && Guid.TryParseExact(TryGetString(value), "D", out var id)) return id;
        Refuse(name, "must be a UUID such as 0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10");
        return null;
    }

    public long? Whole(string name, long min, long max, bool required = false)
    {
        if (Find(name, required) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max) return number;
        Refuse(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"));
        return null;
    }

    /// <summary>A number with at most <paramref name="decimals"/> digits after the point, without trailing zeros.</summary>
    public decimal? Decimal(string name, decimal min, decimal max, int decimals)
    {
        if (Find(name, required: false) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= min && number <= max
            && decimal.Round(number, decimals) == number) return number / 1.0000000000000000000000000000m;
        Refuse(name, string.Create(CultureInfo.InvariantCulture, $"must be a number from {min} to {max} with at most {decimals} decimals"));
        return null;
    }

    /// <summary>One word of a closed list.</summary>
    public string? Word(string name, IReadOnlySet<string> words, string? why = null)
    {
        var word = Text(name);
        if (word is null || words.Contains(word)) return word;
        Refuse(name, $"must be one of {string.Join(", ", words.Order(StringComparer.Ordinal))}{(why is null ? "" : $"; {why}")}");
        return null;
    }

    public bool? Flag(string name)
    {
        if (Find(name, required: false) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(name, "must be true or false");
        return null;
    }

    public JsonFields? Object(string name)
    {
        if (Find(name, required: false) is not { } value) return null;
        var fields = new JsonFields(value, Errors, PathOf(name));
        return fields.IsObject ? fields : null;
    }

    /// <summary>Reads a list; <paramref name="read"/> gets each item and its path and returns null for a wrong one.</summary>
    public IReadOnlyList<T>? List<T>(string name, int max, Func<JsonElement, string, T?> read) where T : class
    {
        if (Find(name, required: false) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) return Wrong<IReadOnlyList<T>>(name, "must be a list");
        if (value.GetArrayLength() > max) return Wrong<IReadOnlyList<T>>(name, $"must hold at most {max} items");
        var items = value.EnumerateArray().Select((item, index) => read(item, $"{PathOf(name)}[{index}]")).ToList();
        return items.Any(item => item is null) ? null : [.. items.OfType<T>()];
    }

    public string? TextOf(JsonElement value, string path, int max, bool multiline = false)
    {
        if (value.ValueKind != JsonValueKind.String) return WrongAt(path, "must be a text");
        var text = TryGetString(value);
        if (text is null) return WrongAt(path, "must be valid Unicode");
        if (text.Length > max) return WrongAt(path, $"must be at most {max} characters long");
        if (string.IsNullOrWhiteSpace(text)) return WrongAt(path, "must not be empty");
        if (text.Any(c => char.IsControl(c) && !(multiline && c is '\n' or '\r' or '\t'))) return WrongAt(path, "must not hold control characters");
        return text;
    }

    /// <summary>Call last: every field nobody asked for is refused by its name.</summary>
    public void RefuseUnknown()
    {
        if (!IsObject) return;
        string? message = null;
        foreach (var property in _object.EnumerateObject())
        {
            if (_known.Contains(property.Name)) continue;
            // There may be hundreds of thousands of them.
            if (Errors.IsFull) Errors.AddUntold();
            else Errors.Add(PathOf(Printable(property.Name)), message ??= $"is not a known field; known here: {string.Join(", ", _known.Order())}");
        }
    }

    private JsonElement? Find(string name, bool required)
    {
        _known.Add(name);
        if (IsObject && _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null) return value;
        if (required && IsObject) Refuse(name, "is required");
        return null;
    }

    // A JSON text may escape half of a surrogate pair; that is no text PostgreSQL or Meta could keep.
    internal static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Printable(string name) => new([.. name.Where(c => !char.IsControl(c)).Take(100)]);

    private T? Wrong<T>(string name, string message) where T : class
    {
        Refuse(name, message);
        return null;
    }

    private string? WrongAt(string path, string message)
    {
        Errors.Add(path, message);
        return null;
    }
}
