using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Campaigns.Contents;

/// <summary>What is wrong with another targeting or another content, by the rules of a request: each is given whole, and takes nothing over from what is there.</summary>
internal static class ContentValidation
{
    public const string Targeting = "targeting";
    public const string Creative = "creative";
    private const string Domain = "conversion_domain";

    public static EditFields ReadTargeting(JsonElement body, AdSetNow now, SocialAccount account, EditFields read, FieldErrors errors)
    {
        var fields = new JsonFields(body, errors);
        if (TargetingValidation.Read(fields.Object(Targeting)) is not { } targeting) return read;
        var (isOnInstagram, store) = (now.IsOnInstagram(account), now.Request.ObjectStoreUrl);
        TargetingValidation.CheckAgainst(account with { InstagramUserId = isOnInstagram ? account.InstagramUserId ?? now.Request.InstagramUserId : null }, new(body, new()), errors);
        if (store is not null) GoalValidation.OnlyOn(fields, targeting, AppStores.SystemOf(store)!);
        if (errors.Any) return read;
        var whole = AdSetTargeting.Of(targeting, account.DefaultCountries, isOnInstagram, store);
        if (!EuReach.IsPossible(whole)) return read with { Targeting = whole };
        return read with
        {
            Targeting = whole, DsaBeneficiary = now.Request.DsaBeneficiary ?? account.DsaBeneficiary ?? account.Name, DsaPayor = now.Request.DsaPayor ?? account.DsaPayor ?? account.Name,
        };
    }

    /// <param name="images">Whether a clip is an image, of those that exist.</param>
    public static EditFields ReadCreative(JsonElement body, AdNow now, SocialAccount account, IReadOnlyDictionary<Guid, bool> images, EditFields read, FieldErrors errors)
    {
        if (new JsonFields(body, errors).Object(Creative) is not { } fields) return read;
        var (old, element) = (now.Request, body.GetProperty(Creative));
        var rule = ObjectiveGoals.Find(old.CampaignObjective, old.OptimizationGoal, old.DestinationType);
        var ad = AdValidation.Read(fields, old, rule);
        if (fields.Has(Domain)) fields.Refuse(Domain, "is the ad's and not what it shows: leave it out, it stays");
        fields.RefuseUnknown();
        if (rule is not null) ad = ad with { LandingUrl = ButtonRule.Of(rule).LinkOf(old.ObjectStoreUrl) ?? ad.LandingUrl };
        foreach (var clip in RequestParts.ClipsOf(element).Where(clip => !images.ContainsKey(clip))) errors.Add(Creative, $"there is no clip {clip}");
        var isOnInstagram = (ad.InstagramUserId ?? account.InstagramUserId) is not null;
        var ofCreative = new FieldErrors();
        AdValidation.CheckAgainst(isOnInstagram, ad, now.Targeting, images, ofCreative);
        foreach (var (path, messages) in ofCreative.ToDictionary())
            foreach (var message in messages) errors.AddOnce(path == "$" ? path : fields.PathOf(path), message);
        if (!isOnInstagram && now.Targeting["publisher_platforms"] is var platforms && (platforms is not JsonArray list || list.Any(platform => (string?)platform == "instagram")))
            fields.Refuse("instagram_user_id", "is required: the ad set is shown on Instagram, and the account has none");
        return errors.Any ? read : read with { Creative = AdRequest.Of(ad, null) with { ConversionDomain = null } };
    }
}
