using System.Text.Json;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What people have done to campaigns after their birth.</summary>
internal sealed class EditScript(History history)
{
    /// <summary>What was to be deleted or archived.</summary>
    public HashSet<string> Ended { get; } = [];

    /// <summary>Publishes, pauses, budgets and ends, also of what is not built yet: then there is nothing to edit.</summary>
    public void Plan(IReadOnlyList<Asked> requests, IReadOnlyList<Guid> clips)
    {
        if (history.EditSeed is not { } seed) return;
        var random = new Random(unchecked((seed * 17) + 5));
        for (var look = random.Next(0, 5); look > 0; look--) Compare(random.Next(100, 1500));
        for (var number = random.Next(2, 8); number > 0; number--)
        {
            var asked = requests[random.Next(requests.Count)];
            var kind = (EditKind[])[EditKind.Publish, EditKind.Publish, EditKind.Pause, EditKind.Pause, EditKind.Resume, EditKind.Update, EditKind.Update, EditKind.Update, EditKind.Archive, EditKind.Delete];
            var (what, level, budget) = (kind[random.Next(kind.Length)], random.Next(3), random.Next(1, 4) * 6000);
            history.Script.At(random.Next(10, 600), $"asks to {what} of {asked.Name}", (api, ct) => EditAsync(api, asked, what, what == EditKind.Update ? 1 : level, budget, ct));
        }

        PlanContents(requests, clips);
    }

    /// <summary>Other contents of ads and other targetings, of which some are taken back on the way.</summary>
    private void PlanContents(IReadOnlyList<Asked> requests, IReadOnlyList<Guid> clips)
    {
        if (history.ContentSeed is not { } seed) return;
        var random = new Random(unchecked((seed * 31) + 7));
        for (var number = random.Next(1, 6); number > 0; number--)
        {
            var (asked, which, at) = (requests[random.Next(requests.Count)], random.Next(16), random.Next(10, 600));
            string[] contents =
            [
                $$"""{"clip_id":"{{clips[0]}}","creative_title":"Another {{number}}","landing_url":"https://example.com/"}""",
                $$"""{"clip_id":"{{clips[1]}}","creative_title":"Another {{number}}","landing_url":"https://example.com/"}""",
                $$"""{"post_id":"1_{{number}}","landing_url":"https://example.com/Another"}""",
            ];
            var body = random.Next(4) == 0 ? $$"""{"targeting":{"age_min":{{20 + number}} } }""" : $$"""{"creative":{{contents[random.Next(contents.Length)]}}}""";
            Guid? edit = null;
            history.Script.At(at, $"asks for {body} of {asked.Name}", async (api, ct) => edit = await ContentAsync(api, asked, which, body, ct));
            if (random.Next(3) != 0) continue;
            history.Script.At(at + random.Next(1, 200), $"takes back {body} of {asked.Name}", async (api, ct) =>
            {
                if (edit is { } id) await api.Get<CancelEdit>().ExecuteAsync(id, "client", ct);
            });
        }
    }

    // Every worker process does so by itself.
    public void Compare(double seconds) => history.Clockwork.Plan(TimeSpan.FromSeconds(seconds), null, null, "compare", () =>
    {
        if (history.Workers.Where(worker => worker.IsAwake).ToList() is { Count: > 0 } workers)
            workers[0].Begin($"{workers[0].Name} compare", ct => workers[0].Get<CompareCampaigns>().RunAsync(20, ct), _ => { });
    });

    private async Task EditAsync(SimProcess api, Asked asked, EditKind kind, int level, int budget, CancellationToken ct)
    {
        if (asked.RequestId is not { } id || (await api.Get<OrchestrationReader>().FindAsync(id, ct))?.CampaignCreation is not { CampaignMetaId: { } campaign, AdsetMetaId: { } adSet, AdMetaId: { } ad }) return;
        var metaId = level == 0 ? campaign : level == 1 ? adSet : ad;
        if (kind is EditKind.Archive or EditKind.Delete) Ended.Add(metaId);
        var body = kind == EditKind.Update ? JsonElement.Parse($$"""{"daily_budget_cents":{{budget}}}""") : (JsonElement?)null;
        await api.Get<RequestEdit>().ExecuteAsync((EditLevel)level, metaId, kind, body, "client", ct);
    }

    private static async Task<Guid?> ContentAsync(SimProcess api, Asked asked, int which, string body, CancellationToken ct)
    {
        if (asked.RequestId is not { } id || (await api.Get<OrchestrationReader>().FindAsync(id, ct)) is not { AdSets: { } sets, Status: "succeeded" }) return null;
        var ads = sets.SelectMany(set => set.Ads.Select(ad => (set.AdsetMetaId, ad.AdMetaId))).ToList();
        var (adSet, ad) = ads[which % ads.Count];
        var level = body.StartsWith("{\"targeting", StringComparison.Ordinal) ? EditLevel.Adset : EditLevel.Ad;
        return await api.Get<RequestEdit>().ExecuteAsync(level, (level == EditLevel.Adset ? adSet : ad)!, EditKind.Update, JsonElement.Parse(body), "client", ct) is EditRequested.Queued queued ? queued.EditId : null;
    }
}
