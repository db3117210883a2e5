using MetaAdsJobs.Core.Validation;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.Forms;

/// <summary>
/// What stands in a form, by the names of its fields, and what the API has against it. A field is named by the JSON path of what it fills,
/// so that an error finds its field.
/// </summary>
public sealed class FormValues
{
    public static readonly FormValues Empty = new(new Dictionary<string, StringValues>(), new Dictionary<string, string[]>());

    // Shorter, it is no token, and would be found in half of the fields.
    private const int LikelySecret = 8;

    private readonly IReadOnlyDictionary<string, StringValues> _values;
    private readonly IDictionary<string, string[]> _errors;

    private FormValues(IReadOnlyDictionary<string, StringValues> values, IDictionary<string, string[]> errors) => (_values, _errors) = (values, errors);

    /// <summary>Of a form that is opened.</summary>
    public static FormValues Of(params IEnumerable<(string Name, string? Value)> values) =>
        new(values.ToDictionary(field => field.Name, field => new StringValues(field.Value)), new Dictionary<string, string[]>());

    /// <summary>The same, where a field may have several values.</summary>
    public static FormValues Of(IReadOnlyDictionary<string, StringValues> values) => new(values, new Dictionary<string, string[]>());

    /// <summary>Of a form that was sent and refused.</summary>
    /// <param name="secrets">Fields that never go back to the page; nor does another into which the same was pasted by mistake.</param>
    public static FormValues Posted(IFormCollection form, FieldErrors errors, params IEnumerable<string> secrets) => Posted(form, errors.ToDictionary(), secrets);

    public static FormValues Posted(IFormCollection form, IDictionary<string, string[]> errors, params IEnumerable<string> secrets)
    {
        var hidden = secrets.SelectMany(name => form[name]).Select(secret => secret?.Trim()).Where(secret => secret is { Length: >= LikelySecret }).ToHashSet();
        var names = secrets.ToHashSet();
        return new(form.Where(field => !names.Contains(field.Key) && !field.Key.StartsWith("__", StringComparison.Ordinal) && !field.Value.Any(value => hidden.Any(secret => value!.Contains(secret!, StringComparison.Ordinal))))
            .ToDictionary(field => field.Key, field => field.Value), errors);
    }

    /// <summary>The same, with what is wrong with it.</summary>
    public FormValues With(IDictionary<string, string[]> errors) => new(_values, errors);

    /// <summary>All that stands in it.</summary>
    public IEnumerable<KeyValuePair<string, StringValues>> Fields => _values;

    public bool HasErrors => _errors.Count > 0;

    /// <summary>The field's first value; null when it is not there or empty.</summary>
    public string? this[string name] => All(name) is [{ Length: > 0 } first, ..] ? first : null;

    /// <summary>Every value of a field that may be given several times.</summary>
    public IReadOnlyList<string?> All(string name) => _values.TryGetValue(name, out var values) ? [.. values] : [];

    /// <summary>There is something in the field, or wrong with it.</summary>
    public bool Has(string name) => this[name] is not null || ErrorsAt(name).Count > 0;

    public bool IsTicked(string name) => this[name] is "true" or "on";

    /// <summary>What is wrong with the field and with what lies within it, such as one item of a list.</summary>
    /// <returns>The number of the list's item where it is one, from 1 on, and what is wrong.</returns>
    public IReadOnlyList<(int? Item, string Message)> ErrorsAt(string name) =>
        [.. _errors.Where(error => IsAt(error.Key, name)).SelectMany(error => error.Value.Select(message => (ItemOf(error.Key, name), message)))];

    /// <summary>The same without what is wrong at one field: it is told there.</summary>
    public FormValues Without(string name) => new(_values, _errors.Where(error => !IsAt(error.Key, name)).ToDictionary());

    /// <summary>What is wrong and has no field in the form.</summary>
    /// <param name="names">The form's fields.</param>
    public IReadOnlyList<(string Path, string Message)> ErrorsBeside(params IEnumerable<string> names)
    {
        var fields = names.ToList();
        return [.. _errors.Where(error => !fields.Exists(name => IsAt(error.Key, name))).SelectMany(error => error.Value.Select(message => (error.Key, message)))];
    }

    private static bool IsAt(string path, string name) => path == name || (path.Length > name.Length && path.StartsWith(name, StringComparison.Ordinal) && path[name.Length] is ('[' or '.'));

    private static int? ItemOf(string path, string name) =>
        path.Length > name.Length && path[name.Length] == '[' && int.TryParse(path[(name.Length + 1)..].Split(']')[0], out var index) ? index + 1 : null;
}
