using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// Reads lists to their end, the one way in which this is done. A page that is too much for Meta is asked for again with fewer rows; a
/// list without an end throws, since nobody can say what is not in it.
/// </summary>
internal static class GraphList
{
    private const int MostReadings = 6;

    /// <param name="fields">Made anew for each page.</param>
    /// <param name="rows">Of a page, at first.</param>
    /// <param name="fewestRows">A page that is still too much with so many is too much.</param>
    /// <exception cref="MetaException">Meta did not answer, or its list leads nowhere (<see cref="MetaException.IsEndlessList"/>): the outcome is unknown.</exception>
    public static async IAsyncEnumerable<JsonElement> ListAsync(
        this GraphClient graph, GraphCredential credential, string edge, Func<GraphFields> fields, int rows, int fewestRows, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var page in graph.PagesAsync(credential, edge, fields, rows, fewestRows, ct))
            foreach (var item in GraphPage.Items(page)) yield return item;
    }

    /// <summary>
    /// Ids of what is sought, each once; and none only if none is there. Between two pages something before them may be deleted, and what follows moves up past the place where the next page begins. So of several pages
    /// nothing is believed to be missing before a second reading has shown all that the first has: nothing was deleted meanwhile. What is new shows in it, too.
    /// </summary>
    /// <inheritdoc cref="ListAsync" path="/param"/>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    public static async Task<IReadOnlyList<string>> FindAsync(
        this GraphClient graph, GraphCredential credential, string edge, Func<GraphFields> fields, int rows, int fewestRows, Func<JsonElement, bool> isSought, CancellationToken ct)
    {
        HashSet<string>? before = null;
        for (var reading = 0; reading < MostReadings; reading++)
        {
            var (pages, found, shown) = (0, new List<string>(), new HashSet<string>(StringComparer.Ordinal));
            await foreach (var page in graph.PagesAsync(reading == 0 ? credential : credential.Patient(), edge, fields, rows, fewestRows, ct))
            {
                pages++;
                foreach (var item in GraphPage.Items(page))
                {
                    // A list that grows while its pages are read may show an object twice.
                    if (isSought(item) && !found.Contains(MetaAds.IdOf(item))) found.Add(MetaAds.IdOf(item));
                    if (GraphText.Of(item, "id") is { } id) shown.Add(id);
                }
            }

            if (found.Count > 0 || pages == 1 || before?.IsSubsetOf(shown) == true) return found;
            before = shown;
        }

        throw new MetaException(Proof.OutcomeUnknown, "more is being deleted of Meta's list than it can be read: what is not in it may be there");
    }

    private static async IAsyncEnumerable<JsonElement> PagesAsync(
        this GraphClient graph, GraphCredential credential, string edge, Func<GraphFields> fields, int rows, int fewestRows, [EnumeratorCancellation] CancellationToken ct)
    {
        var (trail, next) = (ListTrail.Start, credential);
        do
        {
            // Given back in its middle it would start over, and with calls spaced it would never end.
            var current = next;
            next = credential.Patient();
            JsonElement page;
            try
            {
                page = await graph.SendAsync(HttpMethod.Get, edge, fields().Add("limit", rows).Add("after", trail.Cursor), current, ct);
            }
            catch (MetaException exception) when (exception.IsPageTooLarge && rows > fewestRows)
            {
                rows = Math.Max(fewestRows, rows / 2);
                continue;
            }

            yield return page;
            trail = trail.After(page);
        }
        while (trail.Cursor is not null || trail.Pages == 0);
    }
}

/// <summary>
/// How far a list has been read, and whether it gets anywhere. A page is compared with the last whose number was a power of two, so that every
/// circle is found within three times its length, however long it is, and two pages are all that is remembered (Brent's algorithm).
/// </summary>
/// <param name="Pages">Read so far.</param>
/// <param name="EmptyPages">In a row, up to the last.</param>
/// <param name="Cursor">Where the next page begins; null before the first and after the last.</param>
/// <param name="KnownCursor">Of the page that is compared with: where the one behind it begins.</param>
/// <param name="KnownRows">What is in it; null when it is empty.</param>
internal sealed record ListTrail(int Pages, int EmptyPages, string? Cursor, string? KnownCursor, string? KnownRows)
{
    /// <summary>A filter of Meta's may leave some pages empty; so many in a row are no list any more.</summary>
    public const int MostEmptyPages = 100;

    /// <summary>Tens of millions of rows: no account has so many.</summary>
    public const int MostPages = 100_000;

    public static ListTrail Start { get; } = new(0, 0, null, null, null);

    /// <exception cref="MetaException">The list has no end.</exception>
    public ListTrail After(JsonElement page) => After(GraphPage.Next(page), RowsOf(page));

    /// <exception cref="MetaException">The list has no end.</exception>
    public ListTrail After(GraphRows page) => After(page.Next, page.Rows.Count == 0 ? null : RowsOf(page.Rows.Count, page.Rows[0].Span, page.Rows[^1].Span));

    private ListTrail After(string? next, string? rows)
    {
        var pages = Pages + 1;
        var empty = rows is null ? EmptyPages + 1 : 0;
        if (next is null) return new(pages, empty, null, null, null);
        // The same rows under another cursor are a circle, too.
        if (next == Cursor || next == KnownCursor || (rows is not null && rows == KnownRows)) throw Endless("goes round in a circle");
        if (empty >= MostEmptyPages) throw Endless($"goes on with empty pages, {empty} by now");
        if (pages >= MostPages) throw Endless($"has not ended after {pages} pages");
        return (pages & (pages - 1)) == 0 ? new(pages, empty, next, next, rows) : new(pages, empty, next, KnownCursor, KnownRows);
    }

    private static MetaException Endless(string how) => new(Proof.OutcomeUnknown, $"Meta answered a list that {how}") { IsEndlessList = true };

    private static string? RowsOf(JsonElement page)
    {
        var rows = page.GetProperty("data");
        var count = rows.GetArrayLength();
        return count == 0 ? null : RowsOf(count, JsonMarshal.GetRawUtf8Value(rows[0]), JsonMarshal.GetRawUtf8Value(rows[count - 1]));
    }

    // The first and the last row: no two pages of one list have both in common.
    private static string RowsOf(int count, ReadOnlySpan<byte> first, ReadOnlySpan<byte> last)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(first);
        hash.AppendData(last);
        return $"{count} {Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
