using System.Runtime.CompilerServices;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta;

/// <summary>Reads a list to its end, page by page.</summary>
internal static class GraphList
{
    private const int PageSize = 200;
    private const int SmallestPage = 5;

    /// <summary>
    /// Every item of an edge. When Meta finds a page too large, the same page is asked for again with half as many items, and what follows
    /// stays that small: in big accounts a list works only so.
    /// </summary>
    /// <param name="fields">A call's fields, without limit and cursor.</param>
    /// <exception cref="MetaException">Meta did not answer, or the list leads back to where it was.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        GraphClient graph, GraphCredential credential, string edge, Func<GraphFields> fields, [EnumeratorCancellation] CancellationToken ct)
    {
        var (limit, after, seen) = (PageSize, (string?)null, new HashSet<string>(StringComparer.Ordinal));
        while (true)
        {
            JsonElement page;
            try
            {
                page = await graph.SendAsync(HttpMethod.Get, edge, fields().Add("limit", limit).Add("after", after), credential, ct);
            }
            catch (MetaException exception) when (exception.IsPageTooLarge && limit > SmallestPage)
            {
                limit = Math.Max(limit / 2, SmallestPage);
                continue;
            }

            foreach (var item in GraphPage.Items(page)) yield return item;
            after = GraphPage.Next(page, after);
            if (after is null) yield break;
            if (!seen.Add(after)) throw new MetaException(Proof.OutcomeUnknown, "Meta answered a list that leads back to where it was");
        }
    }
}
