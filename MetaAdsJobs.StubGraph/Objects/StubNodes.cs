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
        var found = await FindAsync(id, ct) ?? (IsForeignVideo(id, names) ? StubVideo.Foreign(id) : null);
        if (found is null)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        if (FieldSelection.Refuse(found.Kind, names) is { } refusal) return refusal.ToAnswer();
        var parts = await PartsAsync(found, FieldSelection.Inside(call.Text("fields")), ct);
        return parts.Select(part => FieldSelection.Refuse(part.Value.Object.Kind, part.Value.Names)).FirstOrDefault(refused => refused is not null)?.ToAnswer()
            ?? StubAnswer.Ok(json => StubObjectJson.Write(json, found, names, time.GetUtcNow(), parts));
    }

    // What an ad or ad set belongs to, of which fields were asked for in braces: one read of them all.
    private async Task<Dictionary<string, StubPart>> PartsAsync(StubObject found, IReadOnlyDictionary<string, IReadOnlyList<string>> inside, CancellationToken ct)
    {
        const string FindAllSql = $"SELECT {StubObject.Columns} FROM stub_graph.seen WHERE id = ANY($1)";
        var ids = inside.Keys.Select(name => (Name: name, Id: name switch { "campaign" => found.CampaignId, "adset" => found.ParentId, "creative" => found.CreativeId, _ => null }))
            .Where(one => one.Id is not null).ToList();
        var parts = new Dictionary<string, StubPart>();
        if (ids.Count == 0) return parts;
        await using var command = dataSource.With(FindAllSql, (object)ids.Select(one => one.Id!).ToArray());
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var part = StubObject.Read(rows);
            foreach (var (name, _) in ids.Where(one => one.Id == part.Id)) parts[name] = new(part, inside[name]);
        }

        return parts;
    }

    private const string UpdateSql = """
        UPDATE stub_graph.objects
        SET name = coalesce($2, name), status = coalesce($3, status), fields = fields || $4::jsonb, updated_at = $5
        WHERE id = $1 AND deleted_at IS NULL
        """;

    public async Task<StubAnswer> UpdateAsync(string id, StubCall call, CancellationToken ct)
    {
        if (call.Text("status") == "DELETED")
            return await DeleteAsync(id, ct);

        if (StubKind.OfId(id) is not { } kind)
            return StubRefusal.NoSuchObject(id).ToAnswer();

        if (UpdateRules.Refuse(kind, call) is { } refusal)
            return refusal.ToAnswer();

        await using var command = dataSource.With(
            UpdateSql, id, call.Text("name"), call.Text("status"), GivenFields.ToJson(call), time.GetUtcNow());
        return await command.ExecuteNonQueryAsync(ct) == 1 ? StubAnswer.Success : StubRefusal.NoSuchObject(id).ToAnswer();
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
