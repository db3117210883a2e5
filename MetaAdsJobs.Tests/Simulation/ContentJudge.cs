using Dapper;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What ads show after their edits: of each edit at most one creative lives, which the ad shows, has shown, or an error names.</summary>
internal static class ContentJudge
{
    /// <summary>Whether a create is of an edit's creative, or of the video of one that is not over.</summary>
    public static bool IsOfEdit(History history, GraphCall create)
    {
        if (!history.HasContents || create.Edge is not ("adcreatives" or "advideos")) return false;
        using var connection = history.Database.Aside.OpenConnection();
        var edits = connection.Query<(Guid Id, int Round, string Step, string State)>("""
            SELECT e.edit_id, e.round, r.step, e.state FROM campaign_edits e JOIN meta_ads d ON d.meta_id = e.meta_id JOIN meta_creatives r ON r.id = d.creative_db_id
            JOIN social_accounts a ON a.id = e.social_account_id WHERE a.ad_account_id = @account AND e.fields ? 'creative'
            """, new { account = create.Path.Split('/')[0] });
        if (create.Edge == "advideos") return edits.Any(edit => edit.State is not ("succeeded" or "failed" or "cancelled"));
        var marker = Marker.Split(create["name"] ?? "").Marker;
        return edits.Any(edit => Enumerable.Range(1, edit.Round).Any(round => Marker.For(edit.Id, round, edit.Step) == marker));
    }

    /// <summary>What an ad may yet be pointed to, by a call of which nobody has heard, is not deleted.</summary>
    public static void Sends(History history, GraphCall call)
    {
        if (call.Method != "DELETE" || history.World.Objects.FirstOrDefault(one => one.Kind == "adcreatives" && one.Id == call.Path) is not { } creative) return;
        if (history.World.AllSent.Any(sent => sent is { IsProvenNotDone: false, IsDone: false } && sent.At > history.Clockwork.Now - history.SettleDelay && sent.Call["creative"]?.Contains($"\"{creative.Id}\"", StringComparison.Ordinal) == true && !sent.Call.IsCreate))
            history.Judge.Condemn($"creative {creative.Id} is deleted, and an ad may yet be pointed to it");
    }

    /// <param name="named">What something names; what edits have made is added.</param>
    public static async Task EndAsync(History history, Npgsql.NpgsqlConnection connection, Guid accountId, HashSet<MetaObject> named)
    {
        var edits = (await connection.QueryAsync<(Guid Id, string AdId, string State, int Round, string? Error, string Step)>("""
            SELECT e.edit_id, e.meta_id, e.state, e.round, e.error, r.step FROM campaign_edits e JOIN meta_ads d ON d.meta_id = e.meta_id JOIN meta_creatives r ON r.id = d.creative_db_id
            WHERE e.social_account_id = @accountId AND e.fields ? 'creative' ORDER BY e.number
            """, new { accountId })).ToList();
        foreach (var edit in edits)
        {
            var markers = Enumerable.Range(1, edit.Round).Select(round => Marker.For(edit.Id, round, edit.Step)).ToHashSet();
            var alive = history.World.Objects.Where(one => one is { Kind: "adcreatives", Lives: true } && markers.Contains(one.Marker)).ToList();
            foreach (var one in alive) named.Add(one);
            var ad = history.World.Objects.First(one => one.Id == edit.AdId);
            if (edit.State == "succeeded" && alive.Count != 1) history.Judge.Condemn($"the content of {edit.AdId} was changed by {alive.Count} creatives: {string.Join(", ", alive.Select(one => one.Id))}");
            foreach (var one in alive.Where(one => edit.State != "succeeded" && edit.Error?.Contains(one.Id, StringComparison.Ordinal) != true && edit.Error?.Contains("creative (id not known", StringComparison.Ordinal) != true))
                history.Judge.Condemn($"an edit of {edit.AdId} is {edit.State} and its creative {one.Id} lives, which no error names: {edit.Error}");
            // What was asked for last is what it shows.
            if (edit.State == "succeeded" && ad.Lives && !edits.Exists(later => later.AdId == edit.AdId && edits.IndexOf(later) > edits.IndexOf(edit) && later.State != "failed") && alive is [var shown] && ad.Creative != shown)
                history.Judge.Condemn($"ad {edit.AdId} was to show {shown.Id} last, and shows {ad.Creative?.Id}");
            if (edit.State is not ("succeeded" or "failed" or "cancelled")) history.Judge.Condemn($"an edit of {edit.AdId} is {edit.State}");
        }

        var told = (await connection.QueryAsync<(string AdId, string CreativeId)>("""
            SELECT d.meta_id, r.meta_id FROM meta_ads d JOIN meta_creatives r ON r.id = d.creative_db_id WHERE r.social_account_id = @accountId
            """, new { accountId })).ToList();
        foreach (var (adId, creativeId) in told)
            if (history.World.Objects.FirstOrDefault(one => one.Id == adId) is { Lives: true, IsByHand: false } ad && ad.Creative?.Id != creativeId)
                history.Judge.Condemn($"ad {adId} shows {ad.Creative?.Id}, and {creativeId} is told");
    }
}
