using System.Text.Json;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Edits of what was built, run in this process without a queue: what a run would wait for is there at once.</summary>
internal static class EditWorld
{
    public const string Tree = """{"ad_sets":[{"ads":[{},{}]},{"ads":[{},{}]}]}""";

    /// <returns>The campaign's tree, as it was built.</returns>
    public static async Task<CampaignTree> BuiltAsync(this RunWorld world, string change = "{}") => await world.TreeAsync(await world.BuildAsync(change));

    public static async Task<Asked> BuildAsync(this RunWorld world, string change = "{}")
    {
        var asked = await world.AcceptAsync(change);
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        return asked;
    }

    public static async Task<CampaignTree> TreeAsync(this RunWorld world, Asked asked) => (await world.Get<CampaignTrees>().FindOfAsync(asked.RequestId, CancellationToken.None))!;

    public static Task<CampaignTree> TreeAsync(this RunWorld world, CampaignTree tree) => world.Get<CampaignTrees>().FindOfAsync(tree.RequestId, CancellationToken.None)!;

    public static async Task<Guid> AskAsync(this RunWorld world, EditKind kind, string metaId, string? body = null)
    {
        var level = metaId.StartsWith("META_CAMPAIGN", StringComparison.Ordinal) ? EditLevel.Campaign : metaId.StartsWith("META_ADSET", StringComparison.Ordinal) ? EditLevel.Adset : EditLevel.Ad;
        var asked = await world.Get<RequestEdit>().ExecuteAsync(level, metaId, kind, body is null ? null : JsonElement.Parse(body), "ann", CancellationToken.None);
        Assert.That(asked, Is.InstanceOf<EditRequested.Queued>());
        return ((EditRequested.Queued)asked).EditId;
    }

    /// <summary>All that was sent is long over, and every campaign is due.</summary>
    /// <returns>How many were looked at.</returns>
    public static async Task<int> CompareAsync(this RunWorld world)
    {
        await world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'; UPDATE activations SET busy_until = NULL");
        return await world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None);
    }

    /// <summary>What has been told of it as changed from outside, newest first.</summary>
    public static async Task<List<string>> ToldAsync(this RunWorld world, CampaignTree tree) =>
        [.. (await world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.OutsideChanges.Select(change => $"{change.Level} {change.Field} {change.Was} {change.Is}")];

    public static Task<JobOutcome> RunEditAsync(this RunWorld world, Guid editId) => world.Get<RunEdit>().ExecuteAsync(editId, CancellationToken.None);

    /// <summary>Asks for it and runs it until it ends, or has waited for something three times.</summary>
    public static async Task<CampaignEdit> EditAsync(this RunWorld world, EditKind kind, string metaId, string? body = null) => await world.UntilEndedAsync(await world.AskAsync(kind, metaId, body));

    public static async Task<CampaignEdit> UntilEndedAsync(this RunWorld world, Guid editId)
    {
        for (var (run, waits) = (0, 0); run < 10 && waits < 3; run++)
        {
            try
            {
                if (await world.RunEditAsync(editId) is not JobOutcome.Snoozed snoozed) break;
                world.Time.AdvanceTo(snoozed.Until);
                waits++;
            }
            catch (Core.Meta.Graph.MetaException)
            {
                // The queue would have it come again.
            }
        }

        return (await world.Get<EditReader>().FindAsync(editId, CancellationToken.None))!;
    }

    /// <summary>No call that activates can be under way any more.</summary>
    public static Task NothingUnderWayAsync(this RunWorld world) => world.ExecuteAsync("UPDATE activations SET busy_until = NULL");

    /// <summary>How objects are switched at Meta: a letter each, in the order of the tree.</summary>
    public static async Task<string> SwitchedAsync(this RunWorld world, CampaignTree tree)
    {
        var status = (await world.QueryAsync<(string Id, string Status)>("SELECT id, status FROM stub_graph.objects")).ToDictionary(one => one.Id, one => one.Status);
        return string.Concat(tree.All.Select(one => status[one.MetaId] switch { "ACTIVE" => 'A', "PAUSED" => 'p', "ARCHIVED" => 'r', _ => 'd' }));
    }

    public static async Task<string?> AtMetaAsync(this RunWorld world, string metaId, string field) =>
        (await world.QueryAsync<string?>("SELECT fields ->> @field FROM stub_graph.objects WHERE id = @metaId", new { metaId, field })).Single();

    /// <summary>Somebody gives an object another budget or end in Ads Manager.</summary>
    public static Task ByHandAsync(this RunWorld world, string field, string value, string metaId) =>
        world.ExecuteAsync("UPDATE stub_graph.objects SET fields = fields || jsonb_build_object(@field::text, @value::text) WHERE id = @metaId", new { field, value, metaId });

    /// <summary>State and daily amount of the one activation there is.</summary>
    public static async Task<string?> CountedAsync(this RunWorld world) => (await world.QueryAsync<string>("SELECT concat(state, ' ', daily_cents) FROM activations")).SingleOrDefault();
}
