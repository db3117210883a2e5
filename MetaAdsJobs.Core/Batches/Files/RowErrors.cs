using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Batches.Files;

/// <summary>What is wrong with one row of a file, by field.</summary>
public sealed record WrongRow(int Row, string? RowId, IDictionary<string, string[]> Errors);

/// <summary>
/// All that is wrong with a file: with itself, and with each of its rows. Past <see cref="MostTold"/> complaints the rest is only counted: an answer must not grow with
/// what somebody sends.
/// </summary>
public sealed class RowErrors
{
    public const int MostTold = 1000;
    private readonly SortedDictionary<int, WrongRow> _rows = [];
    private int _told;

    /// <summary>Of the file itself, such as its columns.</summary>
    public FieldErrors OfFile { get; } = new();

    public bool Any => Count > 0;

    /// <summary>How many complaints there are, told or not.</summary>
    public int Count => OfFile.Count + RowCount;

    private int RowCount { get; set; }

    public int Untold => RowCount - _told;

    /// <summary>By their place in the file.</summary>
    public IReadOnlyCollection<WrongRow> Rows => _rows.Values;

    public WrongRow? Of(int row) => _rows.GetValueOrDefault(row);

    public void Add(int row, string? rowId, string field, string message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        Add(row, rowId, errors);
    }

    public void Add(int row, string? rowId, FieldErrors errors)
    {
        if (!errors.Any) return;
        RowCount += errors.Count;
        if (_told >= MostTold) return;
        _told += errors.Count;
        var all = errors.ToDictionary();
        if (_rows.TryGetValue(row, out var before))
            foreach (var (field, messages) in before.Errors) all[field] = [.. messages, .. all.TryGetValue(field, out var more) ? more : []];
        _rows[row] = new(row, rowId, all);
    }
}
