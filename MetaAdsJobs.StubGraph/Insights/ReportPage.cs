using System.Text.Json;
using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>
/// Writes one page of a report, row by row: by subject, then period, then breakdown cell. A cursor holds the subject and
/// how many of its places were passed, so going on costs the same wherever a page begins.
/// </summary>
internal sealed class ReportPage
{
    private static readonly JsonEncodedText DateStart = JsonEncodedText.Encode("date_start");
    private static readonly JsonEncodedText DateStop = JsonEncodedText.Encode("date_stop");

    private readonly StubAccount _account;
    private readonly InsightMoment _moment;
    private readonly StubPage _page;
    private readonly IReadOnlyList<Breakdown> _breakdowns;
    private readonly IReadOnlyList<InsightPeriod> _periods;
    private readonly ReportField[] _fields;
    private readonly InsightNumbers[] _cells;

    private StubCursor? _first;
    private StubCursor? _last;
    private int _written;

    public ReportPage(StubAccount account, InsightQuery query, InsightMoment moment, StubPage page)
    {
        (_account, _moment, _page, _breakdowns) = (account, moment, page, query.Cuts.Breakdowns);
        _periods = query.Periods(moment.Today);
        _fields = ReportFields.Plan(query);
        _cells = new InsightNumbers[_breakdowns.Aggregate(1, (cells, breakdown) => cells * breakdown.Values.Length)];
    }

    /// <summary>At most: a row without numbers is not written.</summary>
    public int RowsPerSubject => _periods.Count * _cells.Length;

    public StubCursor From => _page.After ?? StubCursor.Oldest;

    /// <summary>The first subject may be half shown, the last may get only half on this page: hence two more than would fill it.</summary>
    public int SubjectsNeeded => (_page.Limit / RowsPerSubject) + 2;

    public int LikelyBytes(int subjects) => 512 + (int)Math.Min(_page.Limit, (long)subjects * RowsPerSubject) * 40 * (_fields.Length + 2);

    public void Write(Utf8JsonWriter json, StubCall call, List<InsightSubject> subjects)
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        var isCut = false;
        foreach (var subject in subjects)
        {
            if (isCut = !WriteRows(json, subject))
                break;
        }

        json.WriteEndArray();
        StubPage.Write(json, call, _first, _last, hasMore: isCut || (subjects.Count > 0 && subjects.Count == SubjectsNeeded));
        json.WriteEndObject();
    }

    /// <returns>False when the page is full and there is another row.</returns>
    private bool WriteRows(Utf8JsonWriter json, InsightSubject subject)
    {
        var shown = subject.Place.Id == From.Id ? From.Periods : 0;
        var shares = _breakdowns.Count == 0 ? null : Array.ConvertAll(subject.Ads, ad => ad.SharesOf(_breakdowns));
        for (var i = shown / _cells.Length; i < _periods.Count; i++)
        {
            Fill(subject, shares, _periods[i]);
            for (var cell = 0; cell < _cells.Length; cell++)
            {
                var place = (i * _cells.Length) + cell;
                if (place < shown || _cells[cell].IsEmpty)
                    continue;

                if (_written == _page.Limit)
                    return false;

                WriteRow(json, subject, _periods[i], cell);
                _last = subject.Place with { Periods = place + 1 };
                _first ??= _last;
                _written++;
            }
        }

        return true;
    }

    private void Fill(InsightSubject subject, BreakdownShares[]? shares, InsightPeriod period)
    {
        Array.Clear(_cells);
        for (var ad = 0; ad < subject.Ads.Length; ad++)
        {
            for (var day = period.Start; day <= period.Stop; day = day.AddDays(1))
            {
                var numbers = subject.Ads[ad].On(day, _moment);
                if (shares is null)
                    _cells[0].Add(numbers);
                else
                    subject.Ads[ad].Split(numbers, day, shares[ad], _cells);
            }
        }

        if (subject.Ads.Length > 1 || period.Start < period.Stop)
        {
            foreach (ref var cell in _cells.AsSpan())
            {
                if (!cell.IsEmpty)
                    cell.Overlap();
            }
        }
    }

    private void WriteRow(Utf8JsonWriter json, InsightSubject subject, InsightPeriod period, int cell)
    {
        json.WriteStartObject();
        var row = new ReportRow(_account, subject, ref _cells[cell]);
        foreach (var write in _fields)
            write(json, row);

        json.WriteString(DateStart, period.StartText);
        json.WriteString(DateStop, period.StopText);
        var inner = _cells.Length;
        foreach (var breakdown in _breakdowns)
        {
            inner /= breakdown.Values.Length;
            json.WriteString(breakdown.Column, breakdown.Values[cell / inner % breakdown.Values.Length]);
        }

        json.WriteEndObject();
    }
}
