using System.Data.Common;
using System.Globalization;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Campaigns.Comparing;

/// <summary>
/// Reads once a day, and after each edit, how everything we made stands at Meta, and compares: what somebody has changed in Ads Manager is recorded, taken over, and
/// counted by caps and stops from then on.
/// </summary>
internal sealed class CompareCampaigns(CompareStore store, MetaEdits edits, OrchestrationOptions options, TimeProvider time, ILogger<CompareCampaigns> logger) : ILookAtMeta
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);
    private static readonly TimeSpan UntilForgotten = TimeSpan.FromHours(6);
    private static readonly TimeSpan UntilTriedAgain = TimeSpan.FromMinutes(10);

    public int AtOnce => 20;

    /// <returns>How many were looked at.</returns>
    public async Task<int> RunAsync(int limit, CancellationToken ct)
    {
        var due = await store.TakeAsync(limit, ct);
        foreach (var one in due)
        {
            try
            {
                await CompareAsync(one, ct);
            }
            catch (MetaException exception)
            {
                CampaignLog.NotCompared(logger, one.Tree.Campaign.MetaId, exception.ForUser);
                // Perhaps it has shown by then what it had called missing.
                await store.PostponeAsync(one, time.GetUtcNow() + (exception.RetryAfter ?? UntilTriedAgain), ct, isShown: true);
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or DbException))
            {
                // One that breaks must not keep the others from theirs: it is due again in some minutes.
                CampaignLog.CompareBroke(logger, exception, one.Tree.Campaign.MetaId);
            }
        }

        return due.Count;
    }

    private async Task CompareAsync(DueCampaign due, CancellationToken ct)
    {
        if (due.Credential is not { } credential) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
        // Whatever of ours was sent last has been carried out by then, or never will be.
        if (due.QuietSince + options.SettleDelay is { } quiet && quiet > time.GetUtcNow())
        {
            await store.PostponeAsync(due, quiet, ct);
            return;
        }

        if (due.IsPaused)
        {
            await LookAtPausedAsync(due, credential, ct);
            return;
        }

        var tree = due.Tree;
        var seen = new Dictionary<string, ObjectValues?>();
        var campaign = await edits.FindAsync(credential, AdObject.Campaign, tree.Campaign.MetaId, ct);
        seen[tree.Campaign.MetaId] = campaign;
        // With a deleted campaign went all that hung on it.
        if (campaign is not null && campaign.Status != "DELETED") await ReadBelowAsync(credential, tree, seen, ct);
        // Meta may call missing for a while what is there: it is believed when it says so of the same an hour later, too. Until then that stays as it is known. What it said long ago, and nobody asked again, is no earlier word; nor is what it said before it carried out something of ours.
        string[] missing = [.. tree.All.Where(one => one.Status != "DELETED" && seen.TryGetValue(one.MetaId, out var values) && values is null).Select(one => one.MetaId)];
        var isAgain = due.MissingIds is { } before && missing.All(before.Contains) && time.GetUtcNow() - due.MissingSince < UntilForgotten && !(due.CarriedOutAt > due.MissingSince);
        Missing? open = missing.Length == 0 || isAgain && time.GetUtcNow() - due.MissingSince >= MetaAds.MissingPasses ? null : new(missing, isAgain ? due.MissingSince!.Value : time.GetUtcNow());
        var again = time.GetUtcNow() + MetaAds.MissingPasses;
        if (open is not null && campaign is null)
        {
            await store.MissingAsync(due, open, again, ct);
            return;
        }

        var changes = tree.All.Where(one => open is null || seen.GetValueOrDefault(one.MetaId) is not null).SelectMany(one => Differences(one, seen.GetValueOrDefault(one.MetaId))).ToList();
        var next = NextAt(tree, seen);
        if (await store.SaveAsync(due, changes, open, open is null || again > next ? next : again, ct) is not { } told)
        {
            // What it has shown it has not called missing, also where that could not be saved.
            var until = time.GetUtcNow() + options.SettleDelay;
            if (missing.Length > 0) await store.MissingAsync(due, open ?? new(missing, due.MissingSince!.Value), until, ct);
            else await store.PostponeAsync(due, until, ct, isShown: true);
        }
        else if (told.Count > 0) CampaignLog.ChangedOutside(logger, tree.Campaign.MetaId, string.Join(", ", told.Select(change => $"{change.Object.MetaId} {change.Field}")));
    }

    // What an ad set was counted for that ends before the others is free soon after, and not a day later.
    private DateTimeOffset NextAt(CampaignTree tree, Dictionary<string, ObjectValues?> seen)
    {
        var now = time.GetUtcNow();
        var ends = tree.AdSets.Select(set => seen.GetValueOrDefault(set.MetaId)).Where(one => one is { Status: "ACTIVE" }).Select(one => one!.EndTime).ToHashSet();
        var next = ends.Count > 1 ? ends.Where(end => end > now).Min() + options.SettleDelay : null;
        return next < now + Usual ? next.Value : now + Usual;
    }

    // What is off of it is off by us. That it is on is somebody's hand.
    private async Task LookAtPausedAsync(DueCampaign due, GraphCredential credential, CancellationToken ct)
    {
        var (campaignId, after) = (due.Tree.Campaign.MetaId, Usual);
        var found = await edits.FindAsync(credential, AdObject.Campaign, campaignId, ct);
        if (found is { Status: "ACTIVE" } campaign)
        {
            var seen = new Dictionary<string, ObjectValues>();
            try
            {
                seen = new(await edits.ListAsync(credential, AdObject.AdSet, campaignId, ct));
            }
            catch (MetaException exception)
            {
                // That it is on is what counts; its budgets are taken for what they were.
                CampaignLog.NotCompared(logger, campaignId, exception.ForUser);
            }

            seen[campaignId] = campaign;
            var isPaused = await store.SwitchedOnAsync(due, due.Tree.AsSeen(seen), ct);
            if (isPaused is not null) CampaignLog.ChangedOutside(logger, campaignId, $"{campaignId} status");
            if (isPaused is not true) after = options.SettleDelay;
        }

        await store.PostponeAsync(due, time.GetUtcNow() + after, ct, isShown: found is not null);
    }

    private async Task ReadBelowAsync(GraphCredential credential, CampaignTree tree, Dictionary<string, ObjectValues?> seen, CancellationToken ct)
    {
        await ReadAllAsync(AdObject.AdSet, tree.AdSets);
        await ReadAllAsync(AdObject.Ad, tree.Ads);

        async Task ReadAllAsync(AdObject kind, IReadOnlyList<TreeObject> objects)
        {
            var alive = objects.Where(one => one.Status != "DELETED").ToList();
            if (alive.Count == 0) return;
            var listed = await edits.ListAsync(credential, kind, tree.Campaign.MetaId, ct);
            // A list leaves out what is deleted or archived, and perhaps more.
            foreach (var one in alive) seen[one.MetaId] = listed.TryGetValue(one.MetaId, out var values) ? values : await edits.FindAsync(credential.Patient(), kind, one.MetaId, ct);
        }
    }

    /// <param name="now">Null when it is gone.</param>
    private static IEnumerable<OutsideDifference> Differences(TreeObject one, ObjectValues? now)
    {
        if (one.Status == "DELETED") yield break;
        if (one.Status != (now?.Status ?? "DELETED")) yield return new(one, "status", one.Status, now?.Status ?? "DELETED");
        if (now is null) yield break;
        if (now.Name is not null && now.Name != one.Name) yield return new(one, "name", one.Name, now.Name);
        if (now.CreativeId is not null && now.CreativeId != one.CreativeId) yield return new(one, "creative", one.CreativeId, now.CreativeId);
        if (one.Kind == AdObject.Ad) yield break;
        // A budget that is not told is not one that is gone: that would be another kind of budget.
        if (now.DailyBudget is null && now.LifetimeBudget is null) now = now with { DailyBudget = one.Budget.Daily, LifetimeBudget = one.Budget.Lifetime };
        if (now.DailyBudget != one.Budget.Daily) yield return new(one, "daily_budget", Text(one.Budget.Daily), Text(now.DailyBudget));
        if (now.LifetimeBudget != one.Budget.Lifetime) yield return new(one, "lifetime_budget", Text(one.Budget.Lifetime), Text(now.LifetimeBudget));
        if (one.Kind != AdObject.AdSet) yield break;
        if (now.BidAmount != one.Budget.BidAmount) yield return new(one, "bid_amount", Text(one.Budget.BidAmount), Text(now.BidAmount));
        if (Seconds(now.EndTime) != Seconds(one.Budget.EndTime)) yield return new(one, "end_time", Text(one.Budget.EndTime), Text(now.EndTime));
    }

    // Meta counts no fractions of them.
    private static long? Seconds(DateTimeOffset? at) => at?.ToUnixTimeSeconds();

    private static string? Text(long? units) => units?.ToString(CultureInfo.InvariantCulture);

    private static string? Text(DateTimeOffset? at) => at?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
