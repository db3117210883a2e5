using System.Globalization;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Http;

/// <summary>Reads query parameters, noting each wrong one by its name.</summary>
internal sealed class QueryFields
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;
    public const int LongestText = 200;

    // Beyond these there is nothing of ours, and not all that is reckoned with a time could be: of what lies there, they are meant.
    private static readonly DateTimeOffset Earliest = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset Latest = new(9990, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly FirstDay = DateOnly.FromDateTime(Earliest.UtcDateTime);
    private static readonly DateOnly LastDay = DateOnly.FromDateTime(Latest.UtcDateTime);

    public FieldErrors Errors { get; } = new();

    public Guid? Id(string name, string? value)
    {
        if (value is null) return null;
        if (Guid.TryParse(value, out var id)) return id;
        Errors.Add(name, "must be a UUID");
        return null;
    }

    public Guid RequiredId(string name, string? value)
    {
        if (value is null) Errors.Add(name, "is required");
        return Id(name, value) ?? Guid.Empty;
    }

    public long? Number(string name, string? value)
    {
        if (value is null) return null;
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        Errors.Add(name, "must be a whole number");
        return null;
    }

    /// <summary>A time with its offset; without one it is UTC.</summary>
    public DateTimeOffset? Moment(string name, string? value)
    {
        if (value is null) return null;
        if (DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)) return moment < Earliest ? Earliest : moment > Latest ? Latest : moment.ToUniversalTime();
        Errors.Add(name, "must be a time such as 2027-03-01T09:00:00Z");
        return null;
    }

    public DateOnly? Day(string name, string? value)
    {
        if (value is null) return null;
        if (DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day < FirstDay ? FirstDay : day > LastDay ? LastDay : day;
        Errors.Add(name, "must be a day such as 2026-11-22");
        return null;
    }

    public (DateOnly? Since, DateOnly? Until) Days(string? since, string? until)
    {
        var (from, to) = (Day("since", since), Day("until", until));
        if (from > to) Errors.Add("since", "must not be after until");
        return (from, to);
    }

    public bool Flag(string name, string? value)
    {
        if (value is null or "false") return false;
        if (value != "true") Errors.Add(name, "must be true or false");
        return true;
    }

    public T? OneOf<T>(string name, string? value) where T : struct, Enum
    {
        if (value is null) return null;
        foreach (var one in Enum.GetValues<T>())
            if (string.Equals(one.ToString(), value, StringComparison.OrdinalIgnoreCase)) return one;
        Errors.Add(name, $"must be one of {string.Join(", ", Enum.GetNames<T>().Select(known => known.ToLowerInvariant()))}");
        return null;
    }

    /// <summary>One of a list's words.</summary>
    public string? OneOf(string name, string? value, IReadOnlyList<string> words)
    {
        if (value is not null && !words.Contains(value)) Errors.Add(name, $"must be one of {string.Join(", ", words)}");
        return value;
    }

    public int Limit(string? value)
    {
        if (value is null) return DefaultLimit;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit) return limit;
        Errors.Add("limit", $"must be a whole number from 1 to {MaxLimit}");
        return DefaultLimit;
    }

    /// <summary>The name of a key: its user tells them apart, and has to be given.</summary>
    public string? KeyOf(string? person, string personName, string name, string? value)
    {
        if (value is not null && string.IsNullOrEmpty(person)) Errors.Add(name, $"is the name of somebody's key: say whose by {personName}");
        return Text(name, value);
    }

    public string? Text(string name, string? value, int max = LongestText)
    {
        if (value is not null && (value.Length > max || value.Any(char.IsControl))) Errors.Add(name, $"must be at most {max} characters without control characters");
        return string.IsNullOrEmpty(value) ? null : value;
    }
}

/// <summary>One page of a list; <paramref name="NextCursor"/> is null on the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    /// <summary>From one more item than was asked for: that one only tells that there is a next page.</summary>
    public static Page<T> From(IReadOnlyList<T> items, int limit, Func<T, string> cursor) =>
        items.Count <= limit ? new(items, null) : new([.. items.Take(limit)], cursor(items[limit - 1]));
}
