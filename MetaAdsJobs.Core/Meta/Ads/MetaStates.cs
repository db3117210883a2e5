using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>Something Meta has against an object, in its words for people.</summary>
public sealed record ObjectIssue(string Level, string? Code, string? Summary, string? Message);

/// <summary>
/// Where an object stands after Meta's own checks. The status is open text: Meta adds values, and an unknown one is shown as it is.
/// </summary>
internal sealed record ObjectState(string Status, IReadOnlyList<ObjectIssue> Issues)
{
    /// <summary>Deleted, or not visible any more.</summary>
    public static ObjectState Gone { get; } = new("DELETED", []);

    /// <summary>Meta is still at it.</summary>
    public bool IsOpen => Status is "IN_PROCESS" or "PENDING_REVIEW";

    /// <summary>Meta will not deliver it as it is.</summary>
    public bool IsRefused => Status is "DISAPPROVED" or "WITH_ISSUES" || Issues.Count > 0;

    /// <summary>The issues in one line, for people.</summary>
    public string Words => string.Join("; ", Issues.Select(issue =>
        string.Join(": ", new[] { issue.Summary, issue.Message }.OfType<string>()) + (issue.Code is null ? "" : $" (code {issue.Code})")));

    /// <exception cref="MetaException">The answer tells no status.</exception>
    public static ObjectState Read(JsonElement answer) => Find(answer) ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer about an object holds no status");

    /// <summary>Null when it tells no status.</summary>
    public static ObjectState? Find(JsonElement answer)
    {
        if ((GraphText.Of(answer, "effective_status") ?? GraphText.Of(answer, "status")) is not { } status) return null;
        var issues = answer.TryGetProperty("issues_info", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(issue => issue.ValueKind == JsonValueKind.Object)
                .Select(issue => new ObjectIssue(GraphText.Of(issue, "level") ?? "", GraphText.Of(issue, "error_code"), GraphText.Of(issue, "error_summary"), GraphText.Of(issue, "error_message"))).ToList()
            : [];
        return new(status, issues);
    }
}

/// <summary>Reads where objects stand after Meta's own checks: whole trees, and several of them, by few reads. Every method throws <see cref="MetaException"/>.</summary>
internal sealed class MetaStates(GraphClient graph, MetaAds meta)
{
    /// <summary>Ads of one read by their ids: as many as its URL carries well.</summary>
    public const int MostAds = 50;

    private const string Shown = "effective_status,issues_info";
    private const string ShownOfTree = $"id,{Shown},adset{{id,{Shown}}},campaign{{id,{Shown}}},creative{{id,status}}";

    /// <summary>What Meta made of an object since it was created, and what it has against it.</summary>
    /// <returns>Null when Meta only calls it missing, for a moment or twice: it may be new, or not shown for a while.</returns>
    public async Task<ObjectState?> FindAsync(GraphCredential credential, AdObject kind, string metaId, CancellationToken ct)
    {
        try
        {
            return ObjectState.Read(await graph.SendAsync(HttpMethod.Get, metaId, new GraphFields().Add("fields", kind == AdObject.Creative ? "status" : Shown), credential, ct));
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            return await TryProveAsync(credential, metaId, exception, ct) ? ObjectState.Gone : null;
        }
    }

    private async Task<bool> TryProveAsync(GraphCredential credential, string metaId, MetaException said, CancellationToken ct)
    {
        try
        {
            await meta.ProveDeletedAsync(credential, metaId, said, ct);
            return true;
        }
        catch (MetaException exception) when (exception.IsCalledMissing || exception.IsShown)
        {
            return false;
        }
    }

    /// <summary>Where some ads of the account stand, with what each belongs to, by one read.</summary>
    /// <returns>
    /// By Meta's ids. What the list leaves out is not in it: what is deleted or archived, and what is too new for Meta's lists; nothing is when Meta refuses the question.
    /// </returns>
    public async Task<IReadOnlyDictionary<string, ObjectState>> ReadAdsAsync(GraphCredential credential, IReadOnlyList<string> adIds, CancellationToken ct)
    {
        var filter = new JsonArray(new JsonObject { ["field"] = "id", ["operator"] = "IN", ["value"] = new JsonArray([.. adIds.Select(id => JsonValue.Create(id))]) });
        var (states, left) = (new Dictionary<string, ObjectState>(), adIds.ToHashSet());
        try
        {
            await foreach (var ad in graph.ListAsync(
                credential, $"{credential.AdAccountId}/ads", () => new GraphFields().Add("fields", ShownOfTree).Add("filtering", filter), adIds.Count, Math.Min(adIds.Count, MetaAds.FewestPageRows), ct))
            {
                // Another ad than those: the filter is ignored, and all of the account's would come.
                if (GraphText.Of(ad, "id") is not { } id || !left.Remove(id)) break;
                AddTold(states, ad, id);
                if (left.Count == 0) break;
            }
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected || (exception.Proof == Proof.OutcomeUnknown && (exception.HttpStatus is not null || !exception.IsOutage)))
        {
            // It has answered, and perhaps it is this question alone that it has no answer to: whoever asks for each by itself learns more.
        }

        return states;
    }

    /// <summary>
    /// Where a whole tree stands, by one read of its ad and of what that belongs to, or of all ads where there are more. What the answer does
    /// not tell is read by itself.
    /// </summary>
    /// <param name="told">What was told already: it is not asked for again.</param>
    /// <returns>By Meta's ids; what Meta only calls missing is not in it.</returns>
    public async Task<IReadOnlyDictionary<string, ObjectState>> ReadTreeAsync(
        GraphCredential credential, IReadOnlyList<(AdObject Kind, string MetaId)> objects, IReadOnlyDictionary<string, ObjectState> told, CancellationToken ct)
    {
        var states = new Dictionary<string, ObjectState>(told);
        var ads = objects.Where(one => one.Kind == AdObject.Ad && !told.ContainsKey(one.MetaId)).ToList();
        if (ads.Count == 1) await TryReadAdAsync(states, credential, ads[0].MetaId, ct);
        else if (ads.Count > 1) await TryListAdsAsync(states, credential, objects.First(one => one.Kind == AdObject.Campaign).MetaId, ct);
        ObjectState? campaign = null;
        foreach (var (kind, metaId) in objects)
        {
            // With the campaign went all that hung on it.
            if (!states.ContainsKey(metaId) && (campaign is { Status: "DELETED" } && kind is AdObject.AdSet or AdObject.Ad ? campaign! : await FindAsync(credential, kind, metaId, ct)) is { } state) states[metaId] = state;
            if (kind != AdObject.Campaign) continue;
            campaign = states.GetValueOrDefault(metaId);
            // Below it nothing would be shown either, and of hundreds each would be asked for.
            if (campaign is null) return states;
        }

        return states;
    }

    private async Task TryReadAdAsync(Dictionary<string, ObjectState> states, GraphCredential credential, string adId, CancellationToken ct)
    {
        try
        {
            AddTold(states, await graph.SendAsync(HttpMethod.Get, adId, new GraphFields().Add("fields", ShownOfTree), credential, ct), adId);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected || exception.IsMissingObject)
        {
            // Nothing is told: each object is read by itself.
        }
    }

    private async Task TryListAdsAsync(Dictionary<string, ObjectState> states, GraphCredential credential, string campaignId, CancellationToken ct)
    {
        try
        {
            await foreach (var ad in graph.ListAsync(credential, $"{campaignId}/ads", () => new GraphFields().Add("fields", ShownOfTree), MetaAds.PageRows, MetaAds.FewestPageRows, ct)) AddTold(states, ad, GraphText.Of(ad, "id"));
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected || exception.IsMissingObject)
        {
            // What was not told by then is read by itself.
        }
    }

    // Another creative or parent than ours, put there by hand, says nothing of ours: each counts under its own id.
    private static void AddTold(Dictionary<string, ObjectState> states, JsonElement ad, string? adId)
    {
        if (ad.ValueKind != JsonValueKind.Object) return;
        Add(ad, adId);
        foreach (var name in (ReadOnlySpan<string>)["adset", "campaign", "creative"])
            if (ad.TryGetProperty(name, out var part)) Add(part, GraphText.Of(part, "id"));

        void Add(JsonElement one, string? id)
        {
            if (id is not null && one.ValueKind == JsonValueKind.Object && ObjectState.Find(one) is { } state) states.TryAdd(id, state);
        }
    }
}
