using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// The last resort for what is too much for Meta even of one ad and day: the metrics are asked for in halves until each half is
/// answered, and the rows put together again. A metric that is too much alone is left out, and told.
/// </summary>
internal sealed class FieldByField(MetaInsights meta)
{
    /// <returns>The rows, and the metrics that are in none of them.</returns>
    public async Task<(InsightPage Page, IReadOnlyList<string> LeftOut)> ReadAsync(GraphCredential credential, ReportQuery query, Func<ReportQuery, InsightRows> rowsOf, CancellationToken ct)
    {
        var rows = new Dictionary<string, JsonObject>();
        var leftOut = new List<string>();
        await CollectAsync(query.Metrics);
        var asked = query.WithMetrics(query.Metrics.Except(leftOut));
        var reader = rowsOf(asked);
        return (new([.. rows.Values.Select(row => reader.Read(JsonSerializer.SerializeToElement(row), isIncomplete: leftOut.Count > 0))], ListTrail.Start), leftOut);

        async Task CollectAsync(IReadOnlyList<string> metrics)
        {
            try
            {
                foreach (var row in await meta.ReadAllAsync(credential.Patient(), query.WithMetrics(metrics), ct)) Merge(row);
            }
            catch (MetaException exception) when (exception.IsTooMuchAsked)
            {
                if (metrics.Count == 1)
                {
                    leftOut.AddRange(metrics);
                    return;
                }

                await CollectAsync([.. metrics.Take(metrics.Count / 2)]);
                await CollectAsync([.. metrics.Skip(metrics.Count / 2)]);
            }
        }

        void Merge(JsonElement given)
        {
            var row = CleanJson.Of(given);
            var key = string.Join('\n', query.Breakdowns.Prepend("date_start").Prepend($"{query.Level}_id").Select(name => InsightRows.BreakdownValue(row, name)));
            if (!rows.TryGetValue(key, out var whole)) rows[key] = whole = [];
            foreach (var property in row.EnumerateObject()) whole[property.Name] = JsonNode.Parse(property.Value.GetRawText());
        }
    }
}
