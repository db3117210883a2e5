using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

/// <summary>An ad is made if its ad set and its creative live in the same account, and the creative has whom to show it for where the ad set allows.</summary>
internal static class AdCreate
{
    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? (call.Text("adset_id") is null ? StubRefusal.Missing("adset_id") : null)
        ?? (CreativeId(call) is null
            ? StubRefusal.Parameter("creative", "Param creative must name an existing creative: {\"creative_id\":\"...\"}")
            : null)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED");

    // FOR SHARE: a parent that is being deleted takes this ad with it or refuses it, never leaves it alone.
    // The rows are sought by their ids only: with the account in the WHERE, PostgreSQL may read that account's whole index instead.
    private const string InsertSql = """
        WITH adset AS (
            SELECT id, kind = 'adset' AND account_id = $2 AND deleted_at IS NULL AS is_usable,
                   coalesce(fields -> 'targeting' -> 'publisher_platforms' ? 'instagram', true) AS is_on_instagram
            FROM stub_graph.objects WHERE id = $7 FOR SHARE
        ), creative AS (
            SELECT id, kind = 'creative' AND account_id = $2 AND deleted_at IS NULL AS is_usable,
                   NOT coalesce(fields -> 'object_story_spec' ? 'page_id', false) OR fields -> 'object_story_spec' ? 'instagram_user_id' AS has_instagram
            FROM stub_graph.objects WHERE id = $8 FOR SHARE
        ), made AS (
            INSERT INTO stub_graph.objects
                (id, kind, account_id, parent_id, creative_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'ad', $2, adset.id, creative.id, $3, $4, $5::jsonb, $6, $6, $6
            FROM adset, creative WHERE adset.is_usable AND creative.is_usable AND (creative.has_instagram OR NOT adset.is_on_instagram) AND NOT $9
        )
        SELECT EXISTS (SELECT FROM adset WHERE is_usable), EXISTS (SELECT FROM creative WHERE is_usable),
               EXISTS (SELECT FROM adset, creative WHERE adset.is_on_instagram AND NOT creative.has_instagram)
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        var adSetId = call.Text("adset_id")!;
        var creativeId = CreativeId(call)!;
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, created.Status, created.FieldsJson, created.At,
            adSetId, creativeId, call.IsOnlyValidating);
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return !rows.GetBoolean(0) ? StubRefusal.NoSuchObject(adSetId, "adset_id")
            : !rows.GetBoolean(1) ? StubRefusal.NoSuchObject(creativeId, "creative")
            : rows.GetBoolean(2) ? StubRefusal.Parameter(
                "creative", 1772103, "Instagram Account Is Missing", "The ad set allows Instagram: select an Instagram account, or other placements")
            : null;
    }

    private static string? CreativeId(StubCall call) =>
        call.Json("creative") is { ValueKind: JsonValueKind.Object } creative
        && creative.TryGetProperty("creative_id", out var id) && id.ToString() is { Length: > 0 } text
            ? text
            : null;
}
