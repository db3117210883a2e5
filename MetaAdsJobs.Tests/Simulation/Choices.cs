namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Everything in a history that could have been otherwise, as one list of numbers: drawn from a seed, or given, to see a history again
/// or a shorter one. Nought is always the quiet choice, and what lies behind the end of a given list is nought.
/// </summary>
internal sealed class Choices
{
    private readonly Random? _random;
    private readonly IReadOnlyList<int> _given;
    private readonly List<int> _made = [];

    public Choices(int seed) => (_random, _given) = (new(seed), []);

    public Choices(IReadOnlyList<int> given) => _given = given;

    public IReadOnlyList<int> Made => _made;

    /// <summary>A number from 0 to <paramref name="count"/> - 1, each as likely.</summary>
    public int Below(int count) => Take(count, random => random.Next(count));

    /// <summary>True as often as the odds say.</summary>
    public bool Chance(double odds) => odds > 0 && Take(2, random => random.NextDouble() < odds ? 1 : 0) == 1;

    /// <summary>One of these; the first is the quiet one.</summary>
    public T OneOf<T>(params ReadOnlySpan<T> these) => these[Below(these.Length)];

    private int Take(int count, Func<Random, int> draw)
    {
        var choice = _random is not null ? draw(_random) : _made.Count < _given.Count ? _given[_made.Count] % count : 0;
        _made.Add(choice);
        return choice;
    }
}
