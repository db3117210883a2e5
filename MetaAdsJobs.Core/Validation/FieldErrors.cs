using System.Globalization;

namespace MetaAdsJobs.Core.Validation;

/// <summary>
/// Everything that is wrong with a body, by the JSON path of the field, so that a caller mends it in one go. Past
/// <see cref="MostTold"/> complaints the rest is only counted: an answer must not grow with what somebody sends.
/// </summary>
public sealed class FieldErrors
{
    public const int MostTold = 100;
    private const int LongestPath = 300;
    private const int LongestMessage = 2000;

    private readonly Dictionary<string, List<string>> _errors = [];

    public bool Any => Count > 0;

    /// <summary>How many complaints there are, told or not.</summary>
    public int Count { get; private set; }

    /// <summary>What is added from here on is counted and not told.</summary>
    public bool IsFull => Count >= MostTold;

    public void Add(string path, string message)
    {
        if (IsFull)
        {
            AddUntold();
            return;
        }

        Count++;
        path = Cut(path, LongestPath);
        if (!_errors.TryGetValue(path, out var messages)) _errors[path] = messages = [];
        messages.Add(Cut(message, LongestMessage));
    }

    /// <summary>Unless the same is told of the path already.</summary>
    public void AddOnce(string path, string message)
    {
        if (_errors.GetValueOrDefault(Cut(path, LongestPath))?.Contains(Cut(message, LongestMessage)) != true) Add(path, message);
    }

    /// <summary>Whether something is told of the path.</summary>
    public bool Has(string path) => _errors.ContainsKey(Cut(path, LongestPath));

    /// <summary>One more where <see cref="IsFull"/> is true already, without the making of words that nobody reads.</summary>
    public void AddUntold() => Count++;

    /// <summary>What is told; at "$", last, how many more there are.</summary>
    public IDictionary<string, string[]> ToDictionary()
    {
        var told = _errors.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
        if (Count > MostTold)
            told["$"] = [.. told.GetValueOrDefault("$", []), string.Create(CultureInfo.InvariantCulture, $"and {Count - MostTold} more errors, which are not told")];
        return told;
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : $"{text.Cut(most)}…";
}
