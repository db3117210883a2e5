using System.Text.Json;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>Lists of objects, newest first: all of an account, or the children of one.</summary>
internal sealed class StubEdges(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int LongestPage = 500;

    private const string ListSql = $"""
        SELECT {StubObject.Columns} FROM stub_graph.seen
        WHERE [scope]
          AND kind = $2
          AND searchable_at <= $3
          AND (created_at, id) < ($4, $5)
          AND ($6::text IS NULL OR strpos(lower(name), lower($6)) > 0)
          AND ($7::text IS NULL OR name = $7)
          AND (CASE WHEN $8::text[] IS NULL THEN effective_status NOT IN ('DELETED', 'ARCHIVED') ELSE effective_status = ANY($8) END)
          AND ($9::text[] IS NULL OR id = ANY($9))
        ORDER BY created_at DESC, id DESC
        LIMIT $10
        """;

    private const string GrandchildrenScope = "parent_id = ANY (ARRAY(SELECT child.id FROM stub_graph.objects child WHERE child.parent_id = $1))";
    private static readonly string OfAccountSql = ListSql.Replace("[scope]", "account_id = $1", StringComparison.Ordinal);
    private static readonly string OfParentSql = ListSql.Replace("[scope]", "parent_id = $1", StringComparison.Ordinal);
    private static readonly string OfCampaignSql = ListSql.Replace("[scope]", GrandchildrenScope, StringComparison.Ordinal);

    public Task<StubAnswer> ListOfAccountAsync(string accountId, StubKind kind, StubCall call, CancellationToken ct) =>
        ListAsync(OfAccountSql, accountId, kind, call, ct);

    public Task<StubAnswer> ListOfParentAsync(StubKind parent, string id, StubKind kind, StubCall call, CancellationToken ct) =>
        ListAsync(parent == StubKind.Campaign && kind == StubKind.Ad ? OfCampaignSql : OfParentSql, id, kind, call, ct);

    private async Task<StubAnswer> ListAsync(string sql, string scope, StubKind kind, StubCall call, CancellationToken ct)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        var badFilter = StubFilter.Refuse(kind, call, out var filter);
        var badPage = StubPage.Refuse(call, LongestPage, out var page);
        if ((FieldSelection.Refuse(kind, names) ?? badFilter ?? badPage) is { } refusal)
            return refusal.ToAnswer();

        var now = time.GetUtcNow();
        var after = page.After ?? StubCursor.Newest;
        await using var command = dataSource.With(
            sql, scope, kind.Name, now, after.CreatedAt, after.Id,
            filter.NameContains, filter.NameEquals, filter.Statuses, filter.Ids, page.Limit + 1);
        var found = new List<StubObject>();
        await using (var rows = await command.ExecuteReaderAsync(ct))
        {
            while (await rows.ReadAsync(ct))
                found.Add(StubObject.Read(rows));
        }

        return await PageAsync(call, found, page.Limit, names, now, ct);
    }

    private async Task<StubAnswer> PageAsync(
        StubCall call, List<StubObject> found, int limit, IReadOnlyList<string> names, DateTimeOffset now, CancellationToken ct)
    {
        var shown = found.Take(limit).ToList();
        var parts = await StubParts.FindAsync(dataSource, shown, call, ct);
        return parts.Refusal?.ToAnswer() ?? StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var item in shown)
                StubObjectJson.Write(json, item, names, now, parts.Of(item));

            json.WriteEndArray();
            StubPage.Write(json, call, Cursor(shown.FirstOrDefault()), Cursor(shown.LastOrDefault()), found.Count > limit);
            json.WriteEndObject();
        });
    }

    private static StubCursor? Cursor(StubObject? item) => item is null ? null : new StubCursor(item.CreatedAt, item.Id);
}

/// <summary>What a list shows: by name, by effective status, by id. Deleted and archived objects only when asked for.</summary>
internal sealed record StubFilter(string? NameContains, string? NameEquals, string[]? Statuses, string[]? Ids)
{
    public static StubRefusal? Refuse(StubKind kind, StubCall call, out StubFilter filter)
    {
        filter = new StubFilter(null, null, Strings(call.Json("effective_status")), null);
        if (kind == StubKind.Video)
        {
            filter = filter with { NameContains = call.Text("title") };
        }

        // The creatives' edge has no such parameter and shows everything, whatever is asked.
        if (call.Text("filtering") is null || kind == StubKind.Creative)
            return null;

        var conditions = call.Json("filtering");
        if (conditions.ValueKind != JsonValueKind.Array)
            return StubRefusal.Parameter("filtering", "Param filtering must be an array");

        foreach (var condition in conditions.EnumerateArray())
        {
            if (filter.Add(kind, condition) is not { } narrower)
            {
                return StubRefusal.Parameter("filtering", $"Filtering condition {condition.GetRawText()} is invalid");
            }

            filter = narrower;
        }

        return null;
    }

    private StubFilter? Add(StubKind kind, JsonElement condition)
    {
        if (condition.ValueKind != JsonValueKind.Object || !condition.TryGetProperty("value", out var value))
            return null;

        // Meta takes both "name" and "campaign.name" on the campaigns' edge.
        var field = Property(condition, "field")?.Replace($"{kind.Name}.", "", StringComparison.Ordinal);
        return (field, Property(condition, "operator")) switch
        {
            ("name", "CONTAIN") => this with { NameContains = value.ToString() },
            ("name", "EQUAL") => this with { NameEquals = value.ToString() },
            ("effective_status", "IN") => this with { Statuses = Strings(value) ?? [] },
            ("id", "IN") => this with { Ids = Strings(value) ?? [] },
            _ => null,
        };
    }

    private static string? Property(JsonElement condition, string name) =>
        condition.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static string[]? Strings(JsonElement list) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(item => item.ToString())]
        : null;
}
