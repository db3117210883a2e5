using Dapper;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// What was made in Ads Manager is nobody's here until it is adopted, once; from the answer on it counts and is stopped as what was made here, and in the end it is known as it is.
/// </summary>
internal sealed class AdoptJudge(History history)
{
    // So long before it is sent an activation may have been permitted.
    private static readonly TimeSpan LongestPermit = TimeSpan.FromMinutes(4);
    private readonly HashSet<string> _begun = [];
    private readonly HashSet<string> _new = [];
    private readonly Dictionary<MetaObject, DateTimeOffset> _known = [];

    public bool IsBegun(MetaObject campaign) => _begun.Contains(campaign.Id);

    public void Begins(string campaignId) => _begun.Add(campaignId);

    /// <summary>What somebody was told to be adopted of a campaign.</summary>
    public IEnumerable<MetaObject> KnownOf(MetaObject? campaign) => history.World.Objects.Where(one => one.Lives && _known.ContainsKey(one) && (one == campaign || one.Parent == campaign || one.Parent?.Parent == campaign));

    public IEnumerable<MetaObject> CampaignsIn(string adAccountId) => _known.Keys.Where(one => one.Kind == "campaigns" && one.AccountId == adAccountId);

    /// <summary>Whether caps have to count it when something is activated by a call that was sent then.</summary>
    public bool IsCountedBy(MetaObject one, DateTimeOffset sentAt) => !one.IsOfOthers || (!one.IsByHand && _known.TryGetValue(one, out var since) && since < sentAt - LongestPermit);

    public void Answered(string campaignId, DateTimeOffset since, Adoption adoption)
    {
        var campaign = history.World.Objects.First(one => one.Id == campaignId);
        if (adoption is not Adoption.Done { Campaign: var told })
        {
            if (adoption is not (Adoption.NotNow or Adoption.Busy) && !(history.MissingFor is not null && adoption is Adoption.UnknownCampaign) && campaign is { IsOfOthers: true, IsByHand: false, Lives: true, Status: not "ARCHIVED" } && !history.Edits.Ended.Contains(campaignId)) history.Judge.Condemn($"campaign {campaignId} was not adopted: {adoption}");
            return;
        }

        if (told.RequestId is { } id) history.Name(id, $"adoption of {campaign.Name}");
        if (told.IsNew && !_new.Add(campaignId)) history.Judge.Condemn($"campaign {campaignId} was told to be new twice");
        if (!campaign.IsOfOthers) return;
        foreach (var one in history.World.Objects.Where(one => one.CreatedAt <= since && one.ListedFrom <= since && (one == campaign || one.Parent == campaign || one.Parent?.Parent == campaign))) _known.TryAdd(one, history.Clockwork.Now);
        JudgeCounted(campaign);
    }

    private void JudgeCounted(MetaObject campaign)
    {
        if (campaign.IsByHand || !MetaWorld.IsSpending(campaign, history.World.Objects)) return;
        using var connection = history.Database.Aside.OpenConnection();
        var counted = connection.QuerySingleOrDefault<long?>("SELECT v.daily_cents FROM meta_campaigns c JOIN activations v USING (request_id) WHERE c.meta_id = @Id AND v.state IN ('activating', 'active')", new { campaign.Id });
        var spent = history.World.Objects.Where(set => set is { Lives: true, Status: "ACTIVE", IsByHand: false } && set.Parent == campaign && _known.ContainsKey(set)).Sum(set => set.Budget);
        if (counted is null) history.Judge.Condemn($"campaign {campaign.Id} is active and adopted, and neither caps nor stops count it");
        else if (counted < spent) history.Judge.Condemn($"campaign {campaign.Id} is adopted and may spend {spent}, and {counted} of it are counted");
    }

    /// <summary>A call of ours has changed something.</summary>
    public void Touched(MetaObject thing, GraphCall call)
    {
        if (!thing.IsOfOthers) return;
        if (thing.Kind == "adcreatives" || !_begun.Contains(TopOf(thing).Id)) history.Judge.Condemn($"{call} changed what somebody else has made, and nobody has adopted");
        if (!thing.Lives && !IsEnded(thing)) history.Judge.Condemn($"{call} deleted what somebody else has made");
    }

    private static MetaObject TopOf(MetaObject one) => one.Parent is { } parent ? TopOf(parent) : one;

    private bool IsEnded(MetaObject one) => history.Edits.Ended.Contains(one.Id) || one.Parent is { } parent && IsEnded(parent);

    public async Task EndAsync(Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        if (history.AdoptSeed is null) return;
        var rows = (await connection.QueryAsync<(string Kind, string MetaId, Guid RequestId, string Name, string Status, long Budget, string? Creative, string CampaignId)>("""
            SELECT 'campaigns', meta_id, request_id, name, status, 0::bigint, NULL, meta_id FROM meta_campaigns WHERE social_account_id = @accountId
            UNION ALL SELECT 'adsets', s.meta_id, s.request_id, s.name, s.status, COALESCE(s.daily_budget, 0), NULL, c.meta_id FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE c.social_account_id = @accountId
            UNION ALL SELECT 'ads', d.meta_id, d.request_id, d.name, d.status, 0, r.meta_id, c.meta_id FROM meta_ads d JOIN meta_creatives r ON r.id = d.creative_db_id JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id
                WHERE c.social_account_id = @accountId
            """, new { accountId })).ToList();
        // Of what a stop has paused, and there was no room to activate again, nothing is compared.
        var paused = (await connection.QueryAsync<string>("SELECT meta_id FROM meta_campaigns JOIN activations USING (request_id) WHERE paused_ids <> '{}'")).ToHashSet();
        foreach (var row in rows.Where(row => !paused.Contains(row.CampaignId) && history.World.Objects.First(one => one.Id == row.CampaignId).IsOfOthers))
        {
            var one = history.World.Objects.First(one => one.Id == row.MetaId);
            // Below what is ended nobody looks.
            if (one.Parent is { } parent && (IsOver(parent) || IsOver(parent.Parent))) continue;
            var (known, real) = ($"\"{row.Name}\", {row.Status}, {row.Budget}, shows {row.Creative}", $"\"{one.Name}\", {(one.Lives ? one.Status : "DELETED")}, {one.Budget}, shows {(row.Creative is null ? null : one.Creative?.Id)}");
            if (known != real && !(IsOver(one) && row.Status == one.Status)) history.Judge.Condemn($"{row.Kind} {row.MetaId} is {real}, and is known as {known}");
        }

        await JudgeRunsAsync(connection, accountId, rows.Select(row => (row.RequestId, row.Name)).ToList());
        var adopted = _known.Keys.Where(one => one.Kind == "campaigns").ToHashSet();
        foreach (var one in history.World.Objects.Where(one => one is { IsOfOthers: true, Lives: true } && one.Kind != "adcreatives" && !IsOver(one) && !IsOver(one.Parent) && !IsOver(one.Parent?.Parent)))
        {
            if (!adopted.Contains(TopOf(one))) history.Judge.Condemn($"campaign {TopOf(one).Id} was never adopted");
            else if (TopOf(one).AccountId == history.Script.Accounts.First(account => account.Id == accountId).AdAccountId && !rows.Exists(row => row.MetaId == one.Id)) history.Judge.Condemn($"{one.Kind} {one.Id} of somebody else was adopted, and is not known");
        }
    }

    // An adoption is a run of what it found and nobody else has made.
    private async Task JudgeRunsAsync(Npgsql.NpgsqlConnection connection, Guid accountId, List<(Guid RequestId, string Name)> rows)
    {
        var runs = (await connection.QueryAsync<(Guid Id, int Round, string Status, bool IsAdoption, string[] Steps)>("""
            SELECT o.request_id, o.round, o.status, o.request -> 'ad_sets' = '[]' AND o.request ? 'campaign_id', ARRAY(SELECT step FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.step ~ '^(campaign|adset|ad)') FROM orchestrations o WHERE social_account_id = @accountId
            """, new { accountId })).ToList();
        var makers = runs.Where(run => !run.IsAdoption && run.Status == "succeeded").SelectMany(run => run.Steps.SelectMany(step => Enumerable.Range(1, run.Round).Select(round => (Marker: Marker.For(run.Id, round, step), run.Id)))).ToLookup(one => one.Marker, one => one.Id);
        foreach (var run in runs.Where(run => run.IsAdoption))
        {
            var own = rows.FindAll(row => row.RequestId == run.Id);
            if (own.Count == 0) history.Judge.Condemn($"{history.NameOf(run.Id)} is a run of nothing");
            foreach (var row in own.Where(row => Marker.Split(row.Name).Marker is { } marker && makers.Contains(marker))) history.Judge.Condemn($"{history.NameOf(run.Id)} has taken \"{row.Name}\", which another run has made");
        }
    }

    private static bool IsOver(MetaObject? one) => one is not null && (!one.Lives || one.Status == "ARCHIVED");
}
