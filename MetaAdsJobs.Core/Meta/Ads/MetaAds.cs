using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Creatives;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>
/// Campaigns, ad sets, creatives and ads at Meta. Creates are sent once; everything else may be repeated.
/// Every method throws <see cref="MetaException"/>.
/// </summary>
internal sealed class MetaAds(GraphClient graph)
{
    /// <summary>Objects of a page of a look-up, and of the smallest that is asked for.</summary>
    internal const int PageRows = 200;
    internal const int FewestPageRows = 5;

    /// <summary>So long Meta may call something missing that is there; who is told so all the time believes it then.</summary>
    public static readonly TimeSpan MissingPasses = TimeSpan.FromHours(1);

    public Task<string> CreateCampaignAsync(GraphCredential credential, CampaignSpec spec, CancellationToken ct) =>
        CreateAsync(credential, "campaigns", spec.ToFields(), ct);

    public Task<string> CreateAdSetAsync(GraphCredential credential, AdSetSpec spec, CancellationToken ct) =>
        CreateAsync(credential, "adsets", spec.ToFields(), ct);

    public Task<string> CreateCreativeAsync(GraphCredential credential, CreativeSpec spec, CancellationToken ct) =>
        CreateAsync(credential, "adcreatives", spec.ToFields(), ct);

    public Task<string> CreateAdAsync(GraphCredential credential, AdSpec spec, CancellationToken ct) =>
        CreateAsync(credential, "ads", spec.ToFields(), ct);

    /// <summary>
    /// Ids of the objects whose name carries the marker. An ad set or ad is sought among its parent's few children; a campaign
    /// by Meta's name filter; a creative by reading the account's creatives, whose edge has no filter. Names are compared here
    /// again in every case, so a server that ignores the filter is only slower.
    /// </summary>
    public async Task<IReadOnlyList<string>> FindAsync(GraphCredential credential, AdObject kind, string? parentId, string marker, CancellationToken ct)
    {
        var edge = kind switch
        {
            AdObject.AdSet => $"{parentId}/adsets",
            AdObject.Ad => $"{parentId}/ads",
            AdObject.Creative => $"{credential.AdAccountId}/adcreatives",
            _ => $"{credential.AdAccountId}/campaigns",
        };
        var filter = kind == AdObject.Campaign
            ? new JsonArray(new JsonObject { ["field"] = "name", ["operator"] = "CONTAIN", ["value"] = marker })
            : null;
        return await graph.FindAsync(credential, edge, () => new GraphFields().Add("fields", "id,name").Add("filtering", filter), PageRows, FewestPageRows,
            item => GraphText.Of(item, "name")?.Contains(marker, StringComparison.Ordinal) == true, ct);
    }

    /// <summary>Which of the ads, or ad sets, below an object are switched on.</summary>
    public async Task<IReadOnlyList<string>> ListActiveAsync(GraphCredential credential, string parentId, AdObject kind, CancellationToken ct)
    {
        var active = new List<string>();
        await foreach (var item in graph.ListAsync(credential, $"{parentId}/{(kind == AdObject.Ad ? "ads" : "adsets")}", () => new GraphFields().Add("fields", "id,status"), PageRows, FewestPageRows, ct))
            if (GraphText.Of(item, "status") == "ACTIVE") active.Add(IdOf(item));
        return active;
    }

    public Task ActivateAsync(GraphCredential credential, string metaId, CancellationToken ct) => SetStatusAsync(credential, metaId, "ACTIVE", ct);

    /// <summary>Pauses; an object that is deleted or archived spends nothing either.</summary>
    /// <returns>PAUSED; or DELETED or ARCHIVED when it is gone: it cannot be activated again.</returns>
    public async Task<string> PauseAsync(GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            await SetStatusAsync(credential, metaId, "PAUSED", ct);
            return "PAUSED";
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            // Deleted by hand, or by an undo whose answer was lost.
            await ProveDeletedAsync(credential, metaId, exception, ct);
            return ObjectState.Gone.Status;
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            // Meta refuses to change what was deleted or archived by hand, and goes on showing it.
            if (await ReadSwitchAsync(credential, metaId, ct) is ("DELETED" or "ARCHIVED") and var gone) return gone;
            throw;
        }
    }

    /// <summary>How the object itself is switched, whatever its parents are: ACTIVE, PAUSED, ARCHIVED or DELETED.</summary>
    public async Task<string> ReadSwitchAsync(GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            return await ReadStatusAsync(credential, metaId, ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            await ProveDeletedAsync(credential, metaId, exception, ct);
            return ObjectState.Gone.Status;
        }
    }

    /// <summary>Deletes; an object that Meta shows as deleted already counts as deleted.</summary>
    public async Task DeleteAsync(GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            await graph.ChangeAsync(HttpMethod.Delete, metaId, new(), credential, ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            // Gone already: by an earlier attempt whose answer was lost, or by hand in Ads Manager.
            await ProveDeletedAsync(credential, metaId, exception, ct);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            // Meta may refuse in other words, too, what is deleted already, and goes on showing it.
            if (await ReadSwitchAsync(credential, metaId, ct) != ObjectState.Gone.Status) throw;
        }
    }

    /// <summary>What an object is called at Meta; null when Meta shows it as deleted.</summary>
    /// <exception cref="MetaException">Meta tells no name, or calls it missing, and nothing proves it; outcome unknown.</exception>
    public async Task<string?> FindNameAsync(GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            return GraphText.Of(await graph.SendAsync(HttpMethod.Get, metaId, new GraphFields().Add("fields", "name"), credential, ct), "name")
                ?? throw new MetaException(Proof.OutcomeUnknown, $"Meta does not tell what {metaId} is called") { IsOutage = true, HttpStatus = 200 };
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            await ProveDeletedAsync(credential, metaId, exception, ct);
            return null;
        }
    }

    /// <summary>
    /// That Meta calls an object missing (100/33) proves nothing by itself: it says so for lost rights and in passing, too. Deleted is what Meta
    /// shows as deleted, as it does for as long as anybody has seen.
    /// </summary>
    /// <exception cref="MetaException">It is not proven; outcome unknown. <see cref="MetaException.IsCalledMissing"/> when Meta shows the account and not the object.</exception>
    public async Task ProveDeletedAsync(GraphCredential credential, string metaId, MetaException said, CancellationToken ct)
    {
        if (!await IsShownDeletedAsync(credential, metaId, said, ct))
            throw new MetaException(Proof.OutcomeUnknown, $"Meta calls {metaId} missing, and shows its ad account: it is gone, or not shown for a while", said) { IsCalledMissing = true };
    }

    /// <summary>For who believes it only when he is told the same an hour later: gone is also what Meta calls missing once more after it has shown the ad account to the same token.</summary>
    /// <exception cref="MetaException">It is not proven; outcome unknown.</exception>
    public Task ProveGoneAsync(GraphCredential credential, string metaId, MetaException said, CancellationToken ct) => IsShownDeletedAsync(credential, metaId, said, ct);

    /// <returns>False when it is called missing again.</returns>
    private async Task<bool> IsShownDeletedAsync(GraphCredential credential, string metaId, MetaException said, CancellationToken ct)
    {
        // Never the first call: what was said has to be heard again if one of these is given back.
        credential = credential.Patient();
        try
        {
            await graph.SendAsync(HttpMethod.Get, credential.AdAccountId, new GraphFields().Add("fields", "id"), credential, ct);
        }
        catch (MetaException unread) when (unread.Proof is Proof.Rejected)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta says that {metaId} does not exist, but does not show its ad account either: {said.ForUser}", unread);
        }

        string status;
        try
        {
            status = await ReadStatusAsync(credential, metaId, ct);
        }
        catch (MetaException again) when (again.IsMissingObject)
        {
            return false;
        }

        return status == ObjectState.Gone.Status ? true : throw new MetaException(Proof.OutcomeUnknown, $"Meta said that {metaId} does not exist, and then that it is {status}", said) { IsShown = true };
    }

    private async Task<string> ReadStatusAsync(GraphCredential credential, string metaId, CancellationToken ct) =>
        ObjectState.Read(await graph.SendAsync(HttpMethod.Get, metaId, new GraphFields().Add("fields", "status"), credential, ct)).Status;

    /// <summary>What Meta says of the account; null where it does not say.</summary>
    public async Task<AccountFacts> ReadAccountAsync(GraphCredential credential, CancellationToken ct)
    {
        var account = await graph.SendAsync(HttpMethod.Get, credential.AdAccountId, new GraphFields().Add("fields", "currency,min_daily_budget,timezone_name"), credential, ct);
        return new(
            long.TryParse(GraphText.Of(account, "min_daily_budget"), NumberStyles.None, CultureInfo.InvariantCulture, out var units) && units > 0 ? units : null,
            GraphText.Of(account, "timezone_name"),
            GraphText.Of(account, "currency"));
    }

    /// <summary>Meta's least for a day by what an ad set is optimised for, in its units of the currency; null where Meta tells nothing of it.</summary>
    public async Task<MinimumBudgets?> ReadMinimumBudgetsAsync(GraphCredential credential, string currency, CancellationToken ct)
    {
        var answer = await graph.SendAsync(HttpMethod.Get, $"{credential.AdAccountId}/minimum_budgets", new(), credential, ct);
        if (!answer.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array) return null;
        var own = data.EnumerateArray().FirstOrDefault(one => GraphText.Of(one, "currency") == currency);
        return own.ValueKind != JsonValueKind.Object ? null : new(Of("imp"), Of("high_freq"), Of("low_freq"), Of("video_views"));

        long? Of(string kind) => long.TryParse(GraphText.Of(own, $"min_daily_budget_{kind}"), NumberStyles.None, CultureInfo.InvariantCulture, out var units) && units > 0 ? units : null;
    }

    private Task SetStatusAsync(GraphCredential credential, string metaId, string status, CancellationToken ct) =>
        graph.ChangeAsync(HttpMethod.Post, metaId, new GraphFields().Add("status", status), credential, ct);

    private async Task<string> CreateAsync(GraphCredential credential, string edge, GraphFields fields, CancellationToken ct)
    {
        var answer = await graph.SendOnceAsync(HttpMethod.Post, $"{credential.AdAccountId}/{edge}", fields, credential, ct);
        return IdOf(answer);
    }

    internal static string IdOf(JsonElement answer) =>
        GraphText.Of(answer, "id") ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer to a create holds no id");
}

/// <summary>Meta's least for a day, in its units: of ad sets that are optimised for impressions, for frequent actions such as clicks and likes, for rare ones such as installs, for video views.</summary>
internal sealed record MinimumBudgets(long? Impressions, long? Frequent, long? Rare, long? VideoViews)
{
    /// <returns>Null: Meta tells none of that goal; the account's own holds.</returns>
    public long? For(string? goal) => goal switch
    {
        "IMPRESSIONS" or "REACH" or "AD_RECALL_LIFT" => Impressions,
        "LINK_CLICKS" or "LANDING_PAGE_VIEWS" or "POST_ENGAGEMENT" or "PAGE_LIKES" or "EVENT_RESPONSES" => Frequent,
        "APP_INSTALLS" or "APP_INSTALLS_AND_OFFSITE_CONVERSIONS" => Rare,
        "THRUPLAY" => VideoViews,
        _ => null,
    };
}

/// <param name="MinDailyBudget">The least budget of a day, in Meta's units of the currency.</param>
/// <param name="TimezoneName">By which Meta cuts the account's days.</param>
/// <param name="Currency">ISO 4217 code of what Meta bills in.</param>
internal sealed record AccountFacts(long? MinDailyBudget, string? TimezoneName, string? Currency);
