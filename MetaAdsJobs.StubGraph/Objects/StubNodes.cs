using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>What is done to one object by its id: read, change, delete.</summary>
internal sealed class StubNodes(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const string FindSql = $"SELECT {StubObject.Columns} FROM stub_graph.seen WHERE id = $1";

    public async Task<StubObject?> FindAsync(string id, CancellationToken ct)
    {
        await using var command = dataSource.With(FindSql, id);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) ? StubObject.Read(rows) : null;
    }

    public async Task<StubAnswer> ReadAsync(string id, StubCall call, CancellationToken ct)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        var found = await FindAsync(id, ct) ?? (IsForeignVideo(id, names) && !await StubUploads.IsUnfinishedAsync(dataSource, id, ct) ? StubVideo.Foreign(id) : null);
        if (found is null)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        if (FieldSelection.Refuse(found.Kind, names) is { } refusal) return refusal.ToAnswer();
        var parts = await StubParts.FindAsync(dataSource, [found], call, ct);
        return parts.Refusal?.ToAnswer() ?? StubAnswer.Ok(json => StubObjectJson.Write(json, found, names, time.GetUtcNow(), parts.Of(found)));
    }

    private const string UpdateSql = """
        UPDATE stub_graph.objects
        SET name = coalesce($2, name), status = coalesce($3, status), fields = fields || $4::jsonb, updated_at = $5
        WHERE id = $1 AND deleted_at IS NULL AND (status <> 'ARCHIVED' OR (coalesce($3, 'ARCHIVED') = 'ARCHIVED' AND $4::jsonb = '{}'))
        """;

    public async Task<StubAnswer> UpdateAsync(string id, StubCall call, CancellationToken ct)
    {
        if (call.Text("status") == "DELETED")
            return await DeleteAsync(id, ct);

        if (StubKind.OfId(id) is not { } kind)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        if (UpdateRules.Refuse(kind, call) is { } refusal)
            return refusal.ToAnswer();

        if (kind == StubKind.AdSet && call.Text("targeting") is not null && await FindAsync(id, ct) is { } adSet
            && AdSetRules.Declared(call, name => call.Text(name) is not null || adSet.Fields.TryGetProperty(name, out _)) is { } undeclared)
            return undeclared.ToAnswer();

        if (kind == StubKind.Ad && call.Text("creative") is not null)
            return await RepointAsync(id, call, ct);

        await using var command = dataSource.With(
            UpdateSql, id, call.Text("name"), call.Text("status"), GivenFields.ToJson(call), time.GetUtcNow());
        if (await command.ExecuteNonQueryAsync(ct) == 1)
            return StubAnswer.Success;

        return (await FindAsync(id, ct) is { Status: "ARCHIVED" } ? Archived(id) : StubRefusal.NoSuchObject(id)).ToAnswer();
    }

    private static StubRefusal Archived(string id) => new(100, "Invalid parameter")
    {
        UserTitle = "Object is archived",
        UserMessage = $"Of the archived {id} only the name can be changed; it can be deleted.",
    };

    // As at the ad's birth: the creative lives in the same account, and the ad set takes it.
    private const string RepointSql = """
        WITH ad AS (
            SELECT ad.id, ad.account_id, coalesce(adset.fields -> 'targeting' -> 'publisher_platforms' ? 'instagram', true) AS is_on_instagram,
                   coalesce(adset.fields ->> 'is_dynamic_creative', '') = 'true' AS is_dynamic
            FROM stub_graph.objects ad JOIN stub_graph.objects adset ON adset.id = ad.parent_id WHERE ad.id = $1 AND ad.deleted_at IS NULL AND ad.status <> 'ARCHIVED' FOR UPDATE OF ad
        ), creative AS (
            SELECT c.id, coalesce(c.fields -> 'object_story_spec', c.fields) ? 'instagram_user_id' AS has_instagram,
                   c.fields ? 'asset_feed_spec' AND coalesce(c.fields -> 'asset_feed_spec' ->> 'optimization_type', 'REGULAR') = 'REGULAR' AS is_dynamic
            FROM stub_graph.objects c, ad WHERE c.id = $2 AND c.kind = 'creative' AND c.account_id = ad.account_id AND c.deleted_at IS NULL FOR SHARE OF c
        ), pointed AS (
            UPDATE stub_graph.objects o SET creative_id = creative.id, name = coalesce($3, o.name), status = coalesce($4, o.status), updated_at = $5
            FROM ad, creative WHERE o.id = ad.id AND (creative.has_instagram OR NOT ad.is_on_instagram) AND (ad.is_dynamic OR NOT creative.is_dynamic)
        )
        SELECT EXISTS (SELECT FROM ad), EXISTS (SELECT FROM creative), EXISTS (SELECT FROM ad, creative WHERE ad.is_on_instagram AND NOT creative.has_instagram),
               EXISTS (SELECT FROM ad, creative WHERE creative.is_dynamic AND NOT ad.is_dynamic)
        """;

    private async Task<StubAnswer> RepointAsync(string id, StubCall call, CancellationToken ct)
    {
        var creativeId = AdCreate.CreativeId(call);
        if (creativeId is null)
            return StubRefusal.Parameter("creative", "Param creative must name an existing creative: {\"creative_id\":\"...\"}").ToAnswer();

        await using var command = dataSource.With(RepointSql, id, creativeId, call.Text("name"), call.Text("status"), time.GetUtcNow());
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        var refusal = !rows.GetBoolean(0) ? StubRefusal.NoSuchObject(id)
            : !rows.GetBoolean(1) ? StubRefusal.NoSuchObject(creativeId, "creative")
            : AdCreate.Misfit(rows.GetBoolean(2), rows.GetBoolean(3));
        return refusal?.ToAnswer() ?? StubAnswer.Success;
    }

    // Creates hold a share lock on their parents. Waiting for them first lets the delete below, a statement with a view of its
    // own, see what they made; parents before children, so that two deletes never wait for each other.
    private const string LockSql = "SELECT FROM stub_graph.objects WHERE id = $1 FOR UPDATE";
    private const string LockChildrenSql = "SELECT FROM stub_graph.objects WHERE parent_id = $1 ORDER BY id FOR UPDATE";

    // A campaign takes its ad sets and ads with it, an ad set its ads. A creative that a living ad shows stays.
    private const string DeleteSql = """
        WITH RECURSIVE tree AS (
            SELECT id FROM stub_graph.objects
            WHERE id = $1 AND deleted_at IS NULL
              AND NOT EXISTS (SELECT FROM stub_graph.objects ad WHERE ad.creative_id = $1 AND ad.deleted_at IS NULL)
            UNION ALL
            SELECT child.id FROM stub_graph.objects child JOIN tree ON child.parent_id = tree.id
            WHERE child.deleted_at IS NULL
        )
        UPDATE stub_graph.objects SET deleted_at = $2, updated_at = $2, status = 'DELETED'
        WHERE id IN (SELECT id FROM tree) AND deleted_at IS NULL
        """;

    public async Task<StubAnswer> DeleteAsync(string id, CancellationToken ct)
    {
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockSql) { Parameters = { new() { Value = id } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockChildrenSql) { Parameters = { new() { Value = id } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DeleteSql) { Parameters = { new() { Value = id }, new() { Value = time.GetUtcNow() } } });
        await batch.ExecuteNonQueryAsync(ct);
        if (batch.BatchCommands[^1].RecordsAffected > 0)
            return StubAnswer.Success;

        var isInUse = StubKind.OfId(id) == StubKind.Creative && await FindAsync(id, ct) is { Status: not "DELETED" };
        return (isInUse ? CreativeInUse(id) : StubRefusal.NoSuchObject(id)).ToAnswer();
    }

    private static StubRefusal CreativeInUse(string id) => new(100, "Invalid parameter")
    {
        UserTitle = "Creative is in use",
        UserMessage = $"The creative {id} is shown by an ad. Delete the ad first.",
    };

    // Ids that do not look like ours come from a clip whose video is at Meta already; only a video is asked for these fields.
    private static bool IsForeignVideo(string id, IReadOnlyList<string> names) => StubKind.OfId(id) is { } kind
        ? kind == StubKind.Video
        : names.Any(name => name is "status" or "thumbnails" or "picture");
}
