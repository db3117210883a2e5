using System.Text.Json;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>
/// Every POST under an account: what Meta refuses is refused, the rest becomes a row. Each create is one statement, so
/// one round trip and one commit; the statement itself looks at the parents.
/// </summary>
internal sealed class StubCreates(NpgsqlDataSource dataSource, TimeProvider time)
{
    public async Task<StubAnswer> CreateAsync(StubKind kind, string accountId, StubCall call, CancellationToken ct)
    {
        if (kind == StubKind.Video && call.Text("upload_phase") is { } phase)
            return (ParameterRules.Unknown(kind, call) ?? ParameterRules.Malformed(call))?.ToAnswer() ?? await StubUploads.AnswerAsync(dataSource, accountId, phase, call, time.GetUtcNow(), ct);

        var refusal = ParameterRules.Unknown(kind, call) ?? ParameterRules.Malformed(call) ?? Refuse(kind, call);
        if (refusal is not null)
            return refusal.ToAnswer();

        if (kind == StubKind.Image)
            return await ImageCreate.InsertAsync(dataSource, accountId, call, time.GetUtcNow(), ct);

        var created = new NewObject(
            kind.NewId(), accountId, call.Text("name") ?? "", call.Text("status") ?? "PAUSED", GivenFields.ToJson(call), time.GetUtcNow());
        return await InsertAsync(kind, created, call, ct) is { } late ? late.ToAnswer()
            : call.IsOnlyValidating ? StubAnswer.Success
            : StubAnswer.Id(created.Id);
    }

    private static StubRefusal? Refuse(StubKind kind, StubCall call) => kind.Name switch
    {
        "campaign" => CampaignRules.Refuse(call),
        "adset" => AdSetRules.Refuse(call),
        "creative" => CreativeRules.Refuse(call),
        "ad" => AdCreate.Refuse(call),
        "video" => VideoCreate.Refuse(call),
        _ => ImageCreate.Refuse(call),
    };

    private Task<StubRefusal?> InsertAsync(StubKind kind, NewObject created, StubCall call, CancellationToken ct) => kind.Name switch
    {
        "campaign" => CampaignCreate.InsertAsync(dataSource, created, call, ct),
        "adset" => AdSetCreate.InsertAsync(dataSource, created, call, ct),
        "creative" => CreativeCreate.InsertAsync(dataSource, created, call, ct),
        "ad" => AdCreate.InsertAsync(dataSource, created, call, ct),
        _ => VideoCreate.InsertAsync(dataSource, created, call, ct),
    };
}

/// <summary>What all new objects have; Meta makes everything PAUSED here unless told otherwise.</summary>
internal sealed record NewObject(string Id, string AccountId, string Name, string Status, string FieldsJson, DateTimeOffset At);

/// <summary>A campaign has no parent: nothing to look at.</summary>
internal static class CampaignCreate
{
    private const string InsertSql = """
        INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
        VALUES ($1, 'campaign', $2, $3, $4, $5::jsonb, $6, $6, $6)
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        if (call.IsOnlyValidating)
            return null;

        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, created.Status, created.FieldsJson, created.At);
        await command.ExecuteNonQueryAsync(ct);
        return null;
    }
}

/// <summary>An ad set is made if its campaign lives, has an objective that fits the goal, and leaves the budget to one of both.</summary>
internal static class AdSetCreate
{
    // FOR SHARE: a campaign that is being deleted takes this ad set with it or refuses it, never leaves it alone.
    // The row is sought by its id only: with the account in the WHERE, PostgreSQL may read that account's whole index instead.
    private const string InsertSql = """
        WITH campaign AS (
            SELECT kind = 'campaign' AND account_id = $2 AND deleted_at IS NULL AND status <> 'ARCHIVED' AS is_usable,
                   fields ->> 'objective' AS objective,
                   fields ?| ARRAY['daily_budget', 'lifetime_budget'] AS has_budget,
                   coalesce(fields ? 'lifetime_budget' AND fields -> 'pacing_type' ? 'day_parting', false) AS is_by_hours
            FROM stub_graph.objects WHERE id = $7 FOR SHARE
        ), made AS (
            INSERT INTO stub_graph.objects
                (id, kind, account_id, parent_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'adset', $2, $7, $3, $4, $5::jsonb, $6, $6, $6
            FROM campaign WHERE is_usable AND objective = ANY($8) AND has_budget <> $9 AND NOT $10 AND (is_by_hours OR NOT has_budget OR NOT $11)
        )
        SELECT objective, has_budget, is_by_hours FROM campaign WHERE is_usable
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, created.Status, created.FieldsJson, created.At,
            call.Text("campaign_id"), GoalRules.Objectives(call.Text("optimization_goal")!), BudgetRules.HasBudget(call),
            call.IsOnlyValidating, DeliveryRules.HasHours(call));
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? AdSetRules.RefuseUnder(rows.GetString(0), rows.GetBoolean(1), rows.GetBoolean(2), call)
            : AdSetRules.RefuseUnder(objective: null, campaignHasBudget: false, campaignIsByHours: false, call);
    }
}

/// <summary>A creative is made if its videos are ready and its images belong to the account.</summary>
internal static class CreativeCreate
{
    // A video that is not in the table was uploaded elsewhere and counts as ready.
    private const string InsertSql = """
        WITH videos AS (
            SELECT id, status = 'ERROR' OR deleted_at IS NOT NULL AS is_unusable, created_at > $9 AS is_processing
            FROM stub_graph.objects WHERE id = ANY($7::text[]) AND kind = 'video'
        ), facts AS (
            SELECT (SELECT min(id) FROM videos WHERE is_unusable) AS unusable_video,
                   (SELECT min(id) FROM videos WHERE is_processing) AS processed_video,
                   (SELECT min(hash) FROM unnest($8::text[]) AS hash WHERE NOT EXISTS (
                       SELECT FROM stub_graph.objects WHERE id = $2 || ':' || hash AND deleted_at IS NULL)) AS missing_image
        ), made AS (
            INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'creative', $2, $3, $4, $5::jsonb, $6, $6, $6
            FROM facts WHERE num_nonnulls(unusable_video, processed_video, missing_image) = 0 AND NOT $10
        )
        SELECT unusable_video, processed_video, missing_image FROM facts
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, "ACTIVE", created.FieldsJson, created.At,
            CreativeRules.Shown(call, "video_id"), CreativeRules.Shown(call, "image_hash", "hash"), created.At - StubVideo.Processing, call.IsOnlyValidating);
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return !rows.IsDBNull(0) ? Refusal("Video cannot be used", $"The video {rows.GetString(0)} could not be processed or was deleted")
            : !rows.IsDBNull(1) ? Refusal("Video not ready for use", $"The video {rows.GetString(1)} is still being processed")
            : !rows.IsDBNull(2) ? Refusal("Image not found", $"The ad account has no image with the hash {rows.GetString(2)}")
            : null;
    }

    private static StubRefusal Refusal(string title, string why) =>
        StubRefusal.Parameter("object_story_spec", why) with { UserTitle = title };
}

/// <summary>An ad is made if its ad set and its creative live in the same account, and the creative has whom to show it for where the ad set allows.</summary>
internal static class AdCreate
{
    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? (call.Text("adset_id") is null ? StubRefusal.Missing("adset_id") : null)
        ?? (CreativeId(call) is null
            ? StubRefusal.Parameter("creative", "Param creative must name an existing creative: {\"creative_id\":\"...\"}")
            : null)
        ?? (call.Text("conversion_domain") is { } domain && Uri.CheckHostName(domain) != UriHostNameType.Dns
            ? StubRefusal.Parameter("conversion_domain", "Param conversion_domain must be a domain, and not a URL")
            : null)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED");

    // FOR SHARE: a parent that is being deleted takes this ad with it or refuses it, never leaves it alone.
    // The rows are sought by their ids only: with the account in the WHERE, PostgreSQL may read that account's whole index instead.
    private const string InsertSql = """
        WITH adset AS (
            SELECT id, kind = 'adset' AND account_id = $2 AND deleted_at IS NULL AND status <> 'ARCHIVED' AS is_usable,
                   coalesce(fields -> 'targeting' -> 'publisher_platforms' ? 'instagram', true) AS is_on_instagram, coalesce(fields ->> 'is_dynamic_creative', '') = 'true' AS is_dynamic
            FROM stub_graph.objects WHERE id = $7 FOR SHARE
        ), creative AS (
            SELECT id, kind = 'creative' AND account_id = $2 AND deleted_at IS NULL AS is_usable,
                   coalesce(fields -> 'object_story_spec', fields) ? 'instagram_user_id' AS has_instagram,
                   fields ? 'asset_feed_spec' AND coalesce(fields -> 'asset_feed_spec' ->> 'optimization_type', 'REGULAR') = 'REGULAR' AS is_dynamic
            FROM stub_graph.objects WHERE id = $8 FOR SHARE
        ), made AS (
            INSERT INTO stub_graph.objects
                (id, kind, account_id, parent_id, creative_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'ad', $2, adset.id, creative.id, $3, $4, $5::jsonb, $6, $6, $6
            FROM adset, creative WHERE adset.is_usable AND creative.is_usable AND (creative.has_instagram OR NOT adset.is_on_instagram)
              AND (adset.is_dynamic OR NOT creative.is_dynamic) AND NOT $9
        )
        SELECT EXISTS (SELECT FROM adset WHERE is_usable), EXISTS (SELECT FROM creative WHERE is_usable),
               EXISTS (SELECT FROM adset, creative WHERE adset.is_on_instagram AND NOT creative.has_instagram),
               EXISTS (SELECT FROM adset, creative WHERE creative.is_dynamic AND NOT adset.is_dynamic)
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
            : Misfit(rows.GetBoolean(2), rows.GetBoolean(3));
    }

    public static StubRefusal? Misfit(bool hasNoInstagram, bool isDynamic) =>
        hasNoInstagram ? StubRefusal.Parameter(
            "creative", 1772103, "Instagram Account Is Missing", "The ad set allows Instagram: select an Instagram account, or other placements")
        : isDynamic ? StubRefusal.Parameter(
            "creative", 1885998, "Dynamic creative", "A creative of several assets that Meta combines needs an ad set that is_dynamic_creative")
        : null;

    public static string? CreativeId(StubCall call) =>
        call.Json("creative") is { ValueKind: JsonValueKind.Object } creative
        && creative.TryGetProperty("creative_id", out var id) && id.ToString() is { Length: > 0 } text
            ? text
            : null;
}
