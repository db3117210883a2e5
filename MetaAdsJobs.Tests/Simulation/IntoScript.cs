using System.Text.Json;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Requests that add ad sets and ads to the campaigns of earlier ones.</summary>
internal sealed class IntoScript(History history)
{
    private const int MostTries = 8;

    public void Plan(IReadOnlyList<Asked> requests)
    {
        if (history.IntoSeed is not { } seed) return;
        var random = new Random(unchecked((seed * 13) + 7));
        for (var number = random.Next(1, 4); number > 0; number--)
        {
            var (asked, key) = (requests[random.Next(requests.Count)], $"{Guid.NewGuid()}");
            var (isOfAds, publishes, at) = (random.Next(2) == 0, random.Next(3) > 0, random.Next(10, 400));
            Ask(at, $"I{number}", asked.Name, key, isOfAds, publishes, MostTries, (api, ct) => FindAsync(api, asked, ct));
            if (random.Next(3) == 0) history.Script.At(at + random.Next(1, 60), $"cancels I{number}", (api, ct) => ChangeAsync(key, id => api.Get<CancelOrchestration>().ExecuteAsync(id, "client", ct)));
            if (random.Next(2) == 0) history.Script.At(at + random.Next(60, 900), $"retries I{number}", (api, ct) => ChangeAsync(key, id => api.Get<RetryOrchestration>().ExecuteAsync(id, "client", ct)));
        }
    }

    private readonly Dictionary<string, Guid> _accepted = [];

    private static async Task<IntoTarget?> FindAsync(SimProcess api, Asked asked, CancellationToken ct) =>
        asked.RequestId is { } id && await api.Get<OrchestrationReader>().FindAsync(id, ct) is { Status: "succeeded", CampaignCreation: { CampaignMetaId: { } campaign, AdsetMetaId: { } adSet } }
            ? new(asked.AccountId, asked.ClipId, campaign, adSet) : null;

    /// <param name="find">To what; null as long as it is not there, and cannot be named.</param>
    public void Ask(double at, string name, string where, string key, bool isOfAds, bool publishes, int tries, Func<SimProcess, CancellationToken, Task<IntoTarget?>> find) => history.Script.At(at, $"asks to add {name} to {where}", async (api, ct) =>
    {
        if (await find(api, ct) is not { } target)
        {
            if (tries > 0) Ask(60, name, where, key, isOfAds, publishes, tries - 1, find);
            return;
        }

        var into = isOfAds ? $$""" "ad_set_id":"{{target.AdSetId}}","ad_sets":[{"ads":[{},{}]}] """ : $$""" "campaign_id":"{{target.CampaignId}}","daily_budget_cents":5000,"optimization_goal":"LINK_CLICKS" """;
        var body = JsonElement.Parse($$"""{"social_account_id":"{{target.AccountId}}","clip_id":"{{target.ClipId}}","creative_title":"More","landing_url":"https://example.com/more","auto_publish":{{(publishes ? "true" : "false")}},{{into}}}""");
        // It may have been ended meanwhile: then it is refused.
        if (await api.Get<AcceptOrchestration>().ExecuteAsync(body, "client", key, ct) is not Acceptance.Accepted accepted) return;
        _accepted[key] = accepted.RequestId;
        history.Name(accepted.RequestId, name);
    });

    private Task ChangeAsync(string key, Func<Guid, Task<Change>> change) => _accepted.TryGetValue(key, out var id) ? change(id) : Task.CompletedTask;
}

/// <summary>What something is added to.</summary>
internal sealed record IntoTarget(Guid AccountId, Guid ClipId, string CampaignId, string AdSetId);
