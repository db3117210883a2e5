using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>An edit that may be asked for.</summary>
/// <param name="One">What of the tree is edited.</param>
internal sealed record JudgedEdit(CampaignTree Tree, TreeObject One, EditFields Fields);

/// <summary>Whether an edit may be asked for, by what we know of the object: nothing is asked of Meta.</summary>
internal sealed class JudgeEdit(CampaignTrees trees, AccountStore accounts, SpendingCaps caps, TimeProvider time)
{
    /// <param name="level">Null: whatever the object is.</param>
    /// <param name="body">Of an update only.</param>
    /// <returns>One of the two: why not is Unknown, Invalid or Refused.</returns>
    public async Task<(JudgedEdit? Judged, EditRequested? Refusal)> ExecuteAsync(EditLevel? level, string metaId, EditKind kind, JsonElement? body, CancellationToken ct)
    {
        var tree = await trees.FindAsync(metaId, ct);
        if (tree?.Find(metaId) is not { } one || (level is { } asked && one.Kind != EditWords.ObjectOf(asked))) return (null, new EditRequested.Unknown());
        // Pausing harms nobody, and what is believed to be gone may be there after all.
        if (kind != EditKind.Pause && (one.Status == "DELETED" || (one.Status == "ARCHIVED" && kind != EditKind.Delete)))
            return (null, new EditRequested.Refused($"The {EditWords.Of(one.Kind)} {metaId} is {(one.Status == "DELETED" ? "deleted" : "archived")}: it cannot be changed any more"));
        if (kind != EditKind.Update) return (new(tree, one, new()), null);
        var errors = new FieldErrors();
        var fields = EditValidation.Read(body ?? default, tree, one, (await accounts.FindAsync(tree.AccountId, ct))!, caps, time.GetUtcNow(), errors);
        return errors.Any ? (null, new EditRequested.Invalid(errors)) : (new(tree, one, fields), null);
    }
}
