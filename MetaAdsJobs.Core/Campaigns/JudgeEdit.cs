using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>An edit that may be asked for.</summary>
/// <param name="One">What of the tree is edited.</param>
/// <param name="Before">Targeting and content of it now, of those that change.</param>
internal sealed record JudgedEdit(CampaignTree Tree, TreeObject One, EditFields Fields, EditFields Before);

/// <summary>Whether an edit may be asked for, by what we know of the object: nothing is asked of Meta.</summary>
internal sealed class JudgeEdit(CampaignTrees trees, ContentStore contents, AccountStore accounts, SpendingCaps caps, TimeProvider time)
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
        var account = (await accounts.FindAsync(tree.AccountId, ct))!;
        // In a second account of one ad account everything may be paused and ended, and nothing switched on.
        if (account.NothingBegins is { } nothing && (account.RetiredAt is not null || kind is EditKind.Publish or EditKind.Resume)) return (null, new EditRequested.Refused(nothing));
        if (kind != EditKind.Update) return (new(tree, one, new(), new()), null);
        var errors = new FieldErrors();
        var (fields, before) = await ReadContentAsync(body ?? default, one, account, EditValidation.Read(body ?? default, tree, one, account, caps, time.GetUtcNow(), errors), errors, ct);
        await ForeignAssets.CheckAsync(accounts, body ?? default, before.Creative is { } there ? JsonSerializer.SerializeToElement(new Dictionary<string, string?> { ["instagram_user_id"] = there.InstagramUserId, ["post_id"] = fields.Creative?.PostId == there.PostId ? there.PostId : null }) : null, errors, ct);
        return errors.Any ? (null, new EditRequested.Invalid(errors)) : (new(tree, one, fields, before), null);
    }

    private async Task<(EditFields Fields, EditFields Before)> ReadContentAsync(JsonElement body, TreeObject one, SocialAccount account, EditFields read, FieldErrors errors, CancellationToken ct)
    {
        bool Has(string name) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        const string NotAskedFor = "of what no run has asked for is not known here: change it in Ads Manager";
        if (one.Kind == AdObject.AdSet && Has(ContentValidation.Targeting))
        {
            if (await contents.FindAdSetAsync(one.MetaId, ct) is { } adSet) return (ContentValidation.ReadTargeting(body, adSet, account, read, errors), new() { Targeting = adSet.Targeting });
            errors.Add(ContentValidation.Targeting, NotAskedFor);
        }

        if (one.Kind == AdObject.Ad && Has(ContentValidation.Creative))
        {
            if (await contents.FindAdAsync(one.MetaId, ct) is { } ad)
            {
                var images = await contents.ListImagesAsync(RequestParts.ClipsOf(body), [.. ad.Clips], ct);
                return (ContentValidation.ReadCreative(body, ad, account, images, read, errors), new() { Creative = ad.Content, CreativeId = ad.CreativeId });
            }

            errors.Add(ContentValidation.Creative, NotAskedFor);
        }

        return (read, new());
    }
}
