using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>What Meta says of an object that can be edited; null where it does not say. Budgets and bids in Meta's units.</summary>
/// <param name="Status">How it is switched itself.</param>
internal sealed record ObjectValues(string Status, string? EffectiveStatus, string? Name, long? DailyBudget, long? LifetimeBudget, DateTimeOffset? EndTime, long? BidAmount)
{
    /// <summary>Of an ad: what it shows.</summary>
    public string? CreativeId { get; init; }
}

/// <summary>Whom an ad set addresses, as Meta keeps it, and on whose behalf and who pays where it reaches the EU.</summary>
internal sealed record AddressedAtMeta(JsonObject? Targeting, string? DsaBeneficiary, string? DsaPayor);

/// <summary>Reads and edits objects that exist. All of it may be repeated. Lists, targetings and updates come behind what was read before, and wait for their turn. Every method throws <see cref="MetaException"/>.</summary>
internal sealed class MetaEdits(GraphClient graph, MetaAds meta)
{
    /// <returns>Null when Meta calls it missing and then shows it as deleted (<see cref="MetaAds.ProveDeletedAsync"/>).</returns>
    public async Task<ObjectValues?> ReadAsync(GraphCredential credential, AdObject kind, string metaId, CancellationToken ct)
    {
        try
        {
            return Read(await graph.SendAsync(HttpMethod.Get, metaId, new GraphFields().Add("fields", FieldsOf(kind)), credential, ct));
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            await meta.ProveDeletedAsync(credential.Patient(), metaId, exception, ct);
            return null;
        }
    }

    /// <returns>Null also when Meta calls it missing twice, with its account shown: for who asks again an hour later, or for whom that makes no difference.</returns>
    public async Task<ObjectValues?> FindAsync(GraphCredential credential, AdObject kind, string metaId, CancellationToken ct)
    {
        try
        {
            return await ReadAsync(credential, kind, metaId, ct);
        }
        catch (MetaException exception) when (exception.IsCalledMissing)
        {
            return null;
        }
    }

    /// <summary>All ad sets, or ads, of a campaign, by their ids. What Meta leaves out of the list may be there all the same.</summary>
    public async Task<IReadOnlyDictionary<string, ObjectValues>> ListAsync(GraphCredential credential, AdObject kind, string campaignId, CancellationToken ct)
    {
        var found = new Dictionary<string, ObjectValues>();
        await foreach (var item in graph.ListAsync(credential.Patient(), $"{campaignId}/{(kind == AdObject.Ad ? "ads" : "adsets")}", () => new GraphFields().Add("fields", $"id,{FieldsOf(kind)}"), MetaAds.PageRows, MetaAds.FewestPageRows, ct))
            found[MetaAds.IdOf(item)] = Read(item);
        return found;
    }

    public async Task<AddressedAtMeta> ReadTargetingAsync(GraphCredential credential, string adSetId, CancellationToken ct)
    {
        var answer = await graph.SendAsync(HttpMethod.Get, adSetId, new GraphFields().Add("fields", "targeting,dsa_beneficiary,dsa_payor"), credential.Patient(), ct);
        return new(answer.TryGetProperty("targeting", out var targeting) && targeting.ValueKind == JsonValueKind.Object ? JsonObject.Create(CleanJson.Of(targeting)) : null, GraphText.Of(answer, "dsa_beneficiary"), GraphText.Of(answer, "dsa_payor"));
    }

    /// <summary>The fields of an update, in Meta's names and units.</summary>
    public Task UpdateAsync(GraphCredential credential, string metaId, GraphFields fields, CancellationToken ct) => graph.ChangeAsync(HttpMethod.Post, metaId, fields, credential.Patient(), ct);

    /// <summary>Archives; what is archived or deleted already counts as archived. Only its name and status can be changed after that, and only to DELETED.</summary>
    public async Task ArchiveAsync(GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            await graph.ChangeAsync(HttpMethod.Post, metaId, new GraphFields().Add("status", "ARCHIVED"), credential, ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject || exception.Proof == Proof.Rejected)
        {
            if (await meta.ReadSwitchAsync(credential, metaId, ct) is not ("DELETED" or "ARCHIVED")) throw;
        }
    }

    // An ad has neither budget nor end.
    private static string FieldsOf(AdObject kind) => kind switch
    {
        AdObject.Campaign => "status,effective_status,name,daily_budget,lifetime_budget",
        AdObject.AdSet => "status,effective_status,name,daily_budget,lifetime_budget,end_time,bid_amount",
        _ => "status,effective_status,name,creative{id}",
    };

    internal static ObjectValues Read(JsonElement answer) => new(
        GraphText.Of(answer, "status") ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer about an object holds no status"), GraphText.Of(answer, "effective_status"), GraphText.Of(answer, "name"),
        Units(answer, "daily_budget"), Units(answer, "lifetime_budget"), Moment(GraphText.Of(answer, "end_time")), Units(answer, "bid_amount"))
    {
        CreativeId = answer.TryGetProperty("creative", out var creative) && creative.ValueKind == JsonValueKind.Object ? GraphText.Of(creative, "id") : null,
    };

    // A budget that is not there is told as "0", too.
    private static long? Units(JsonElement answer, string name) =>
        long.TryParse(GraphText.Of(answer, name), NumberStyles.None, CultureInfo.InvariantCulture, out var units) && units > 0 ? units : null;

    internal static DateTimeOffset? Moment(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && moment > DateTimeOffset.UnixEpoch ? moment.ToUniversalTime() : null;
}
