namespace MetaAdsJobs.Core.Validation;

/// <summary>Everything that is wrong with a body, by the JSON path of the field, so that a caller mends it in one go.</summary>
public sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _errors = [];

    public bool Any => Count > 0;

    /// <summary>How many fields are wrong.</summary>
    public int Count => _errors.Count;

    public void Add(string path, string message)
    {
        if (!_errors.TryGetValue(path, out var messages)) _errors[path] = messages = [];
        messages.Add(message);
    }

    public IDictionary<string, string[]> ToDictionary() => _errors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
}
