using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

namespace MetaAdsJobs.Core.Campaigns.Reading;

/// <summary>Whom an ad set addresses, or what an ad shows, in the words of a request: to be changed and sent back.</summary>
public sealed class ContentReader
{
    private readonly ContentStore _store;

    internal ContentReader(ContentStore store) => _store = store;

    /// <param name="metaId">Meta's id of the object.</param>
    /// <returns>Null of a campaign, and of an ad that was given another creative in Ads Manager.</returns>
    public async Task<JsonObject?> FindAsync(EditLevel level, string metaId, CancellationToken ct) => level switch
    {
        EditLevel.Adset => await _store.FindAdSetAsync(metaId, ct) is { } adSet ? TargetingValidation.ReadKept(adSet.Targeting).Targeting : null,
        EditLevel.Ad => (await _store.FindAdAsync(metaId, ct))?.Content is { } content
            ? JsonSerializer.SerializeToNode(content with { Name = null, ConversionDomain = null }, OrchestrationRequest.Json)!.AsObject() : null,
        _ => null,
    };
}
