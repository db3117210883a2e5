using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Says whether the promises were kept, from what the world, the API's answers and the tables show: never from what the code thinks in
/// between.
/// </summary>
internal sealed class Judge(History history)
{
    private readonly List<string> _verdicts = [];

    // The calls that activate a campaign of which all was there, and switched on, when they were sent.
    private readonly HashSet<GraphCall> _ofWholes = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<string> Verdicts => _verdicts;

    public void Condemn(string what)
    {
        lock (_verdicts) _verdicts.Add(what);
        history.Clockwork.Tell($"!!! {what}");
    }

    /// <summary>Something was created at Meta.</summary>
    public void Created(MetaObject thing, GraphCall call)
    {
        if (call["status"] is not (null or "PAUSED")) Condemn($"{thing.Name} was created {call["status"]}");
        foreach (var part in (string[])["object_story_spec", "asset_feed_spec"])
            if (thing.Kind == "adcreatives" && call[part] is { } shown) JudgeShown(thing, JsonNode.Parse(shown)!);
    }

    // Whatever a creative shows must be there, and processed: Meta would refuse it, or show nothing.
    private void JudgeShown(MetaObject creative, JsonNode shown)
    {
        if (shown is JsonObject one && one["video_id"] is { } id && history.World.Objects.FirstOrDefault(video => video.Id == (string?)id) is { } video && video.ReadyAt > history.Clockwork.Now)
            Condemn($"{creative.Name} shows video {id}, which is still processed");
        if (shown is JsonObject story && story["child_attachments"] is JsonArray cards && cards.Any(card => card!["picture"] is null && card["image_hash"] is null)) Condemn($"{creative.Name} has a card without a picture");
        foreach (var part in shown is JsonObject map ? map.Select(field => field.Value) : shown is JsonArray list ? list : [])
            if (part is not null) JudgeShown(creative, part);
    }

    /// <summary>A call is about to be sent.</summary>
    public void Sends(GraphCall call)
    {
        if (call["status"] == "ACTIVE" && history.World.Objects.FirstOrDefault(one => one.Kind == "campaigns" && one.Id == call.Path) is { } campaign)
        {
            if (IsWhole(campaign)) _ofWholes.Add(call);
            history.Holds.Activates(campaign);
        }

        ContentJudge.Sends(history, call);
        history.Adopt.Sends(call);
        history.Caps.Sends(call);
        history.Starts.Sends(call);
        history.Freezes.Sends(call);
        history.Terms.Sends(call);
        history.Retires.Sends(call);
        if (!call.IsCreate || call.Edge == "adimages") return;
        var now = history.Clockwork.Now;
        // What a paused ad is to show may be made during a stop.
        if (history.Script.StoppedSince(call.Path.Split('/')[0]) is { } since && now - since > TimeSpan.FromMinutes(2) && !ContentJudge.IsOfEdit(history, call))
            Condemn($"{call} was sent {now - since} after a stop");
        var name = call["name"] ?? call["title"];
        var before = history.World.AllSent.LastOrDefault(sent => sent.Call != call && sent.Call.IsCreate && sent.Call.Edge == call.Edge && (sent.Call["name"] ?? sent.Call["title"]) == name);
        if (before is null || before.IsProvenNotDone) return;
        // A retry makes anew what an undo has deleted, by the same marker where another step of the round is still to be found by its.
        var made = history.World.Objects.Where(one => one.Kind == call.Edge && one.Name == name).ToList();
        if (made.Count > 0 && made.TrueForAll(one => !one.Lives)) return;
        if (!history.World.Looks.Any(look => look.Edge == call.Edge && look.At >= before.At + history.SettleDelay && look.At <= now))
            Condemn($"{name} was sent again without a look that could have shown the one of {now - before.At} ago");
    }

    private bool IsWhole(MetaObject campaign)
    {
        if (campaign.IsOfOthers) return true;
        // A stop may have paused what hangs on it meanwhile; but it was there, and switched on first. Edits pause and delete parts of what has been whole.
        bool WasActivated(MetaObject one) => history.World.Done.Exists(done => done.Object == one && done.Call["status"] == "ACTIVE");
        var whole = history.World.Objects.Count(ad =>
            ad is { Kind: "ads", Parent: { } set } && set.Parent == campaign && (history.HasEdits || ad is { Lives: true, Parent.Lives: true, Creative.Lives: true } && WasActivated(ad) && WasActivated(set)));
        return whole >= history.Script.AdsOf(campaign);
    }

    /// <summary>Somebody of ours has switched an object.</summary>
    /// <param name="spentBefore">What could be spent a day before that (<see cref="SpentBy"/>).</param>
    public void Switched(MetaObject thing, GraphCall call, long spentBefore)
    {
        var all = history.World.Objects;
        history.Proposals.Judge.Switched(thing, call);
        if (call["daily_budget"] is not null || call.IsOfTerm || call["status"] == "ACTIVE") CountJudge.Switched(history, thing);
        if (call["daily_budget"] is not null || call.IsOfTerm) JudgeCap(thing, call, spentBefore);
        if (call["status"] == "ACTIVE" && thing.Kind == "adsets") JudgeCap(thing, call, spentBefore);
        if (call["status"] != "ACTIVE" || thing.Kind != "campaigns") return;
        // What Meta carries out late may meet a tree that an undo is taking away meanwhile.
        if (!_ofWholes.Contains(call) && !IsWhole(thing)) Condemn($"campaign {thing.Id} was activated before it was whole");
        if (MetaWorld.IsSpending(thing, all) && !history.Script.IsCounted(thing) && !IsCounted(thing)) Condemn($"campaign {thing.Id} was activated, and neither caps nor stops count it");
        JudgeCap(thing, call, spentBefore);
    }

    // What is adopted may be more than the cap by itself: then nothing may be added.
    private void JudgeCap(MetaObject thing, GraphCall call, long spentBefore)
    {
        var (spending, cap) = (SpentBy(thing, call), history.Caps.LargestFor(thing.AccountId, history.World.AllSent.Last(sent => sent.Call == call).At));
        if (spending > spentBefore && spending > cap) Condemn($"{spending} a day is active in {thing.AccountId}, its cap has been {cap} at the most when that was permitted");
    }

    /// <summary>What the account of something may spend a day, of what is ours or was adopted before a call was permitted.</summary>
    public long SpentBy(MetaObject thing, GraphCall call)
    {
        var (all, sentAt) = (history.World.Objects, history.World.AllSent.Last(sent => sent.Call == call).At);
        return all.Where(one => one.AccountId == thing.AccountId && !one.IsByHand && MetaWorld.IsSpending(one, all) && history.AdoptJudge.IsCountedBy(one, sentAt))
            .Sum(campaign => all.Where(one => one is { Status: "ACTIVE", Lives: true, IsByHand: false } && one.Parent == campaign && history.AdoptJudge.IsCountedBy(one, sentAt)).Sum(set => set.ADay(history.Clockwork.Now)));
    }

    private bool IsCounted(MetaObject adopted)
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM meta_campaigns c JOIN activations v USING (request_id) WHERE c.meta_id = @Id AND v.state IN ('activating', 'active'))", new { adopted.Id });
    }

    private IEnumerable<MetaObject> Counted(string adAccountId) => history.World.Ours(adAccountId).Concat(history.AdoptJudge.CampaignsIn(adAccountId)).Where(one => !one.IsByHand && MetaWorld.IsSpending(one, history.World.Objects));

    /// <summary>The API has told somebody how an account's spending stands.</summary>
    public void Told(string adAccountId, SpendingState state)
    {
        if (!state.Stopped || state.Active > 0) return;
        foreach (var campaign in Counted(adAccountId))
            Condemn($"stopped and nothing active was told, and campaign {campaign.Id} is active");
    }

    public async Task EndAsync()
    {
        foreach (var same in history.World.Objects.Where(one => one is { IsOfParts: true, Lives: true }).GroupBy(one => (one.AccountId, one.Marker)).Where(same => same.Count() > 1))
            Condemn($"{same.Key.AccountId} has {same.Count()} videos of one file: {string.Join(", ", same.Select(one => one.Id))}");
        var reader = new OrchestrationReader(history.Database.Aside);
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        history.Nights.End(connection);
        foreach (var (accountId, adAccountId, _) in history.Script.Accounts)
        {
            var rounds = (await connection.QueryAsync<(Guid Id, int Round, string Request)>("SELECT request_id, round, request::text FROM orchestrations WHERE social_account_id = @accountId", new { accountId })).ToList();
            var named = new HashSet<MetaObject>();
            foreach (var (id, round, request) in rounds)
                JudgeResult((await reader.FindAsync(id, CancellationToken.None))!, new(OrchestrationRequest.FromJson(request)), round, named);
            // Whoever cancels has heard so, or may have, once that is committed.
            foreach (var id in history.Retires.IsRetired(accountId) ? [] : await connection.QueryAsync<Guid>("SELECT request_id FROM orchestrations o JOIN recorded_acts a ON a.object = o.request_id::text AND a.kind = 'run' AND a.action = 'cancelled' WHERE o.social_account_id = @accountId AND o.status IN ('succeeded', 'failed')", new { accountId }))
                Condemn($"{history.NameOf(id)} was cancelled, and has ended otherwise");
            await ContentJudge.EndAsync(history, connection, accountId, named);
            await EventJudge.EndAsync(history, connection, accountId);
            foreach (var orphan in history.World.Ours(adAccountId).Where(one => one.Lives && one.Kind != "advideos" && !named.Contains(one)))
                Condemn($"{orphan.Kind} {orphan.Id} \"{orphan.Name}\" lives at Meta, and no result names it");
            await JudgeSpendingAsync(connection, adAccountId);
            await StopJudge.EndAsync(history, connection, accountId, adAccountId);
            history.Starts.End(connection, adAccountId);
            TakenBackJudge.End(history, connection, accountId);
            history.Terms.End(connection, accountId);
            await JudgeEditsAsync(connection, accountId);
            await JudgeAuditAsync(connection, accountId, adAccountId);
            await history.AdoptJudge.EndAsync(connection, accountId);
        }

        await history.Batches.JudgeAsync(connection);
        await history.Publishers.JudgeAsync(connection);
        await history.Deliveries.JudgeAsync(connection);
        await history.Proposals.JudgeAsync(connection);
        history.Retires.End(connection);
        foreach (var asked in history.Script.Requests.Where(asked => asked.RequestId is null && !history.Retires.IsRetired(asked.AccountId))) Condemn($"{asked.Name} was never accepted");
    }

    private void JudgeResult(OrchestrationResult result, TreeShape shape, int round, HashSet<MetaObject> named)
    {
        var name = history.NameOf(result.RequestId);
        if (result.Status is not ("succeeded" or "failed" or "cancelled")) Condemn($"{name} is {result.Status}: {result.WaitReason}");
        var errors = string.Join("; ", result.Errors);
        if (errors.Contains("the journal has", StringComparison.Ordinal)) Condemn($"{name} lost its way: {errors}");
        foreach (var (step, kind, id) in Named(result, shape))
        {
            var markers = Enumerable.Range(1, round).Select(one => Marker.For(result.RequestId, one, step)).ToHashSet();
            var alive = history.World.Objects.Where(one => one.Kind == kind && one.Lives && markers.Contains(one.Marker)).ToList();
            foreach (var one in alive) named.Add(one);
            if (result.Status == "succeeded")
            {
                var ever = history.World.Objects.Where(one => one.Id == id).ToList();
                if (alive.Count > 1) Condemn($"{name} succeeded with {alive.Count} {kind} of {step}: {string.Join(", ", alive.Select(one => one.Id))}");
                else if (alive.Count == 0 && !ever.Exists(one => IsGoneByHand(one) || IsEnded(one))) Condemn($"{name} succeeded and its {step} {id} does not live");
                else if (alive.Count == 1 && alive[0].Id != id) Condemn($"{name} succeeded with {step} {id}, and {alive[0].Id} lives");
            }
            else
            {
                foreach (var one in alive.Where(one => !errors.Contains(one.Id, StringComparison.Ordinal) && !errors.Contains($"{step} (id not known", StringComparison.Ordinal)))
                    Condemn($"{name} is {result.Status} and its {step} {one.Id} lives, which no error names: {errors}");
            }
        }
    }

    /// <summary>What the result names, but for what was there before: by step, in Meta's kinds.</summary>
    private static IEnumerable<(string Step, string Kind, string? MetaId)> Named(OrchestrationResult result, TreeShape shape)
    {
        if (shape.GivenId(StepName.Campaign) is null) yield return (StepName.Campaign, "campaigns", result.CampaignCreation.CampaignMetaId);
        foreach (var (adSet, told) in shape.AdSets.Zip(result.AdSets!))
        {
            if (shape.GivenId(adSet.Step) is null) yield return (adSet.Step, "adsets", told.AdsetMetaId);
            foreach (var (ad, one) in adSet.Ads.Zip(told.Ads))
            {
                yield return (ad.CreativeStep, "adcreatives", one.CreativeMetaId);
                yield return (ad.Step, "ads", one.AdMetaId);
            }
        }
    }

    // What is below it is active in word only, and Meta lets nobody change it.
    private static bool IsOver(MetaObject one) => !one.Lives || one.Status == "ARCHIVED" || one.Parent is { } parent && IsOver(parent);

    private static bool IsGoneByHand(MetaObject one) => one.IsByHand || one.Parent is { } parent && IsGoneByHand(parent);

    private bool IsEnded(MetaObject one) => history.Edits.Ended.Contains(one.Id) || one.Parent is { } parent && IsEnded(parent);

    /// <summary>The turn of an update: what waits for somebody's approval keeps no other waiting, and comes behind those that were done meanwhile.</summary>
    public const string Turn = """
        CASE WHEN EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id)
             THEN (SELECT COALESCE(max(o.number) + 0.5, e.number) FROM campaign_edits o WHERE o.request_id = e.request_id AND o.number > e.number AND o.completed_at < e.completed_at) ELSE e.number END
        """;

    // What was asked for last is how it stands; of what failed, or was cancelled after an attempt, nobody knows.
    private async Task JudgeEditsAsync(Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        var edits = (await connection.QueryAsync<(string MetaId, string Kind, string State, long? Budget, decimal Turn)>($"""
            SELECT meta_id, kind, state, (fields ->> 'daily_budget_cents')::bigint, {Turn} FROM campaign_edits e WHERE social_account_id = @accountId AND (state <> 'cancelled' OR kind = 'update' AND attempt > 0) ORDER BY number
            """, new { accountId })).ToList();
        var outside = (await connection.QueryAsync<string>("SELECT DISTINCT meta_id FROM outside_changes WHERE social_account_id = @accountId", new { accountId })).ToHashSet();
        // What a start found no room for waits for the next one.
        var noRoom = (await connection.QueryAsync<string>("SELECT unnest(paused_ids) FROM activations WHERE social_account_id = @accountId AND state = 'paused'", new { accountId })).ToHashSet();
        // What was stopped before its account was retired stays so.
        var isRetired = history.Retires.IsRetired(accountId);
        foreach (var thing in history.World.Objects.Where(one => !IsGoneByHand(one)))
        {
            if (outside.Contains(thing.Id)) Condemn($"{thing.Kind} {thing.Id} was changed by us alone, and somebody else is told to have");
            // What was ended while it was being changed may have been changed before.
            if (edits.Where(edit => edit.MetaId == thing.Id && edit.Kind == "update").OrderBy(edit => edit.Turn).LastOrDefault() is { State: "succeeded", Budget: { } budget } && thing.Budget != budget && !IsOver(thing))
                Condemn($"the budget of {thing.Id} was set to {budget} last, and is {thing.Budget}");
            var last = edits.LastOrDefault(edit => edit.Kind != "update" && (edit.MetaId == thing.Id || (edit.Kind == "publish" && thing.Kind != "adcreatives" && history.World.Objects.Any(top => top.Id == edit.MetaId && IsBelow(thing, top)))));
            if (last is { Kind: "pause", State: "succeeded" } && thing is { Status: "ACTIVE" } && !IsOver(thing)) Condemn($"{thing.Kind} {thing.Id} was paused, and is active");
            if (last is { Kind: "delete", State: "succeeded" } && thing.Lives) Condemn($"{thing.Kind} {thing.Id} was deleted, and lives");
            if (last is { Kind: "archive", State: "succeeded" } && thing is { Lives: true, Status: not "ARCHIVED" }) Condemn($"{thing.Kind} {thing.Id} was archived, and is {thing.Status}");
            if (last is { Kind: "publish" or "resume", State: "succeeded" } && thing.Kind == "campaigns" && thing is not { Status: "ACTIVE" } && !HasEnded(thing) && !isRetired && !noRoom.Contains(thing.Id) && !history.Starts.IsLeft(connection, thing)) Condemn($"campaign {thing.Id} was published, and is {thing.Status}");
        }
    }

    // A start leaves paused what would show nothing any more.
    private bool HasEnded(MetaObject campaign) => history.World.Objects.Where(one => one.Kind == "adsets" && one.Parent == campaign).All(one => one.EndTime <= history.Clockwork.Now);

    private bool IsGoneWithAnother(MetaObject thing) => !thing.Lives && history.World.Done.Exists(done => done.Call.Method == "DELETE" && IsBelow(thing, done.Object));

    private static bool IsBelow(MetaObject one, MetaObject top) => one.Parent is { } parent && (parent == top || IsBelow(parent, top));

    // Whatever spends counts against the cap, and a stop would find it.
    private async Task JudgeSpendingAsync(Npgsql.NpgsqlConnection connection, string adAccountId)
    {
        var counted = (await connection.QueryAsync<string>("""
            SELECT s.meta_id FROM activations v JOIN orchestration_steps s ON s.request_id = v.request_id AND s.step = 'campaign' WHERE v.state IN ('activating', 'active')
            """)).ToHashSet();
        foreach (var campaign in Counted(adAccountId).Where(one => !counted.Contains(one.Id)))
            Condemn($"campaign {campaign.Id} spends, and neither caps nor stops know of it");
    }

    private async Task JudgeAuditAsync(Npgsql.NpgsqlConnection connection, Guid accountId, string adAccountId)
    {
        var rows = (await connection.QueryAsync<(string Method, string Path, string Outcome, string? Answer, string? Name, string? Status)>(
            "SELECT method, path, outcome, answer, sent ->> 'name', sent ->> 'status' FROM meta_changes WHERE social_account_id = @accountId", new { accountId })).ToList();
        var videos = (await connection.QueryAsync<string>("SELECT video_id FROM clip_videos WHERE video_id IS NOT NULL")).ToHashSet();
        rows.AddRange((await connection.QueryAsync<(string Method, string Path, string Outcome, string? Answer, string? Name, string? Status)>(
            "SELECT method, path, 'budget', answer, sent ->> 'daily_budget', sent ->> 'status' FROM meta_changes WHERE social_account_id = @accountId AND sent ? 'daily_budget'", new { accountId })));
        rows.AddRange((await connection.QueryAsync<(string Method, string Path, string Outcome, string? Answer, string? Name, string? Status)>(
            "SELECT method, path, 'content', answer, COALESCE(sent ->> 'creative', sent ->> 'targeting'), sent ->> 'status' FROM meta_changes WHERE social_account_id = @accountId AND sent ?| ARRAY['creative', 'targeting']", new { accountId })));
        var repeated = (await connection.QueryAsync<string>("SELECT meta_id FROM campaign_edits WHERE social_account_id = @accountId AND kind IN ('publish', 'resume') AND attempt > 1", new { accountId })).ToHashSet();
        foreach (var (_, call, thing) in history.World.Done.Where(done => done.Object.AccountId == adAccountId))
        {
            // Paused again by an attempt that had failed, and died with that: those that follow cannot tell it from one that has done nothing.
            if (call["status"] == "PAUSED" && repeated.Contains(thing.Id)) continue;
            // Created by a process that died with it, and deleted by hand, or with what an edit has deleted, before anybody looked; or a video for which nobody has asked again.
            if (call.IsCreate && (IsGoneByHand(thing) || IsGoneWithAnother(thing) || (thing.Kind == "advideos" && !videos.Contains(thing.Id)))) continue;
            var isTold = call.IsCreate
                ? rows.Exists(row => row.Answer?.Contains(thing.Id, StringComparison.Ordinal) == true || (row.Outcome == "outcome_unknown" && row.Name == thing.Name))
                : rows.Exists(row => row.Path == thing.Id && row.Method == call.Method && row.Status == call["status"] && (call["daily_budget"] is null || row is { Outcome: "budget" } && row.Name == call["daily_budget"])
                    && ((call["creative"] ?? call["targeting"]) is not { } content || row is { Outcome: "content" } && row.Name == content));
            if (!isTold) Condemn($"the audit lacks {call} of {thing.Id}");
        }
    }
}
