using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests.Into;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>
/// Knows what Meta would refuse, before anything is created: every wrong field is told at once, by its JSON path. What depends
/// on the account (currency, places, pixel) is checked when the account is known.
/// </summary>
internal static class RequestValidation
{
    // The marker and the words " - Creative" are added to it; Meta's own limit for names is 400 characters.
    private const int MaxName = 200;
    private static readonly TimeSpan LongestAhead = TimeSpan.FromDays(366);

    /// <param name="given">What the body adds to, which has completed it.</param>
    public static OrchestrationRequest? Read(JsonElement body, FieldErrors errors, out Guid? accountId, Given? given = null)
    {
        if (!RequestParts.IsTree(body))
        {
            var one = ReadOne(body, errors, out accountId, given);
            return one is null || given?.AdSet is null ? one : one with { AdSets = [given.With([(one, null)])] };
        }

        accountId = null;
        var read = new List<(RequestPart Part, OrchestrationRequest? Request)>();
        foreach (var part in RequestParts.Of(body, errors))
        {
            // Nothing more would be told.
            if (errors.IsFull) break;
            var ofPart = new FieldErrors();
            var request = ReadOne(part.Body, ofPart, out var id, given);
            accountId ??= id;
            part.Tell(ofPart, errors);
            read.Add((part, request));
        }

        if (errors.Any || read.Count == 0) return null;
        var adSets = read.GroupBy(one => one.Part.Set).Select(set => given?.AdSet is not null ? given.With([.. set.Select(ad => (ad.Request!, ad.Part.AdName))])
            : AdSetRequest.Of(set.First().Request!, set.First().Part.SetName, [.. set.Select(ad => AdRequest.Of(ad.Request!, ad.Part.AdName))]));
        var tree = read[0].Request! with { AdSets = [.. adSets] };
        if (!tree.IsCampaignBudget || given?.AdSet is not null || tree.AdSets.Sum(adSet => adSet.MinSpendCents ?? 0) <= (tree.DailyBudgetCents ?? tree.LifetimeBudgetCents)) return tree;
        errors.Add(RequestParts.AdSets, "their min_spend_cents are more than the campaign's budget together");
        return null;
    }

    /// <summary>Checks what only the clock can tell; works on the raw body, so that these errors come with all the others.</summary>
    public static void CheckNow(JsonElement body, DateTimeOffset now, FieldErrors errors, Given? given = null)
    {
        given?.CheckNow(now, errors);
        if (given?.AdSet is not null) return;
        foreach (var part in RequestParts.Of(body, new(), onlyFirst: true))
            Told(part, errors, ofPart => BudgetValidation.CheckNow(Again(part.Body), now, ofPart));
    }

    /// <summary>Checks what only the account and the clips can tell; works on the raw body, so that these errors come with all the others.</summary>
    /// <param name="images">Whether a clip is an image.</param>
    /// <param name="request">Null when something else is wrong with it.</param>
    public static void CheckAgainst(
        SocialAccount account, SpendingCaps caps, IReadOnlyDictionary<Guid, bool> images, JsonElement body, OrchestrationRequest? request, DateTimeOffset now, FieldErrors errors, Given? given = null)
    {
        var ads = new List<(RequestPart Part, OrchestrationRequest Ad)>();
        foreach (var part in RequestParts.Of(body, new()))
        {
            var ad = AdValidation.Read(Again(part.Body), new() { SocialAccountId = default, CampaignName = "", CampaignObjective = "", OptimizationGoal = "" }, rule: null);
            ads.Add((part, ad with { Targeting = part.Ad > 0 ? null : given?.AdSet is { } adSet ? adSet.Targeting?.DeepClone().AsObject() : TargetingValidation.Read(Again(part.Body).Object("targeting")) }));
            // Ads do not differ in it.
            if (part.Ad == 0 && given?.AdSet is null) Told(part, errors, ofPart => CheckOneAgainst(account with { InstagramUserId = ad.InstagramUserId ?? account.InstagramUserId }, caps, part.Body, now, ofPart));
        }

        foreach (var adSet in ads.GroupBy(one => one.Part.Set).Select(set => set.ToList())) CheckAds(account, adSet, images, errors);
        CheckActivation(account, Again(body), request, now, errors);
        if (account.NothingBegins is { } nothing) errors.Add("social_account_id", nothing);
        if (AccountCurrency.Difference(account.AdAccountId, account.Currency, account.MetaCurrency) is { } difference) errors.Add("social_account_id", difference);
        if (given is not null) CheckTogether(account, caps, given, request, now, errors);
        else if (request is { IsCampaignBudget: true }) BudgetValidation.CheckCampaign(account, caps, request, now, errors);
        else if (request?.AdSets is { Count: > 1 } && !errors.Any && caps.RefusalOf(account, request.DailyAmountCents(now)) is { } refusal)
            errors.Add(RequestParts.AdSets, $"all together: {refusal}");
    }

    private static void CheckActivation(SocialAccount account, JsonFields fields, OrchestrationRequest? request, DateTimeOffset now, FieldErrors errors)
    {
        if (fields.LocalMoment(RequestParts.ActivateAt) is not { } text) return;
        var (at, why) = LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName));
        why ??= at <= now ? "must be in the future" : at - now > LongestAhead ? "must be within a year from now" : request?.FirstEnd <= at ? "must be before end_time" : null;
        if (why is not null) errors.Add(RequestParts.ActivateAt, why);
    }

    // What is on in the campaign already counts for its cap, too.
    private static void CheckTogether(SocialAccount account, SpendingCaps caps, Given given, OrchestrationRequest? request, DateTimeOffset now, FieldErrors errors)
    {
        if (request is null or { AddsNoBudget: true } || errors.Any || caps.RefusalOf(account, given.Tree.DailyAmountCents(now) + request.DailyAmountCents(now)) is not { } refusal) return;
        errors.Add(request.AdSets is not null ? RequestParts.AdSets : request.DailyBudgetCents is null ? "lifetime_budget_cents" : "daily_budget_cents", $"together with what is on in the campaign: {refusal}");
    }

    private static void CheckAds(SocialAccount account, List<(RequestPart Part, OrchestrationRequest Ad)> ads, IReadOnlyDictionary<Guid, bool> images, FieldErrors errors)
    {
        bool IsOnInstagram(OrchestrationRequest ad) => (ad.InstagramUserId ?? account.InstagramUserId) is not null;
        var targeting = ads[0].Ad.Targeting ?? [];
        if (!ads.TrueForAll(one => IsOnInstagram(one.Ad))) AdSetTargeting.WithoutInstagram(targeting);
        // Of the first ad it has been told.
        var isAskedFor = IsOnInstagram(ads[0].Ad) && targeting["publisher_platforms"] is JsonArray platforms && platforms.Any(platform => (string?)platform == "instagram");
        foreach (var (part, ad) in ads)
        {
            Told(part, errors, ofPart => AdValidation.CheckAgainst(IsOnInstagram(ad), ad, targeting, images, ofPart));
            if (isAskedFor && !IsOnInstagram(ad)) errors.Add(part.PathOf("instagram_user_id"), "is required: the ad set is shown on Instagram, and the account has none");
        }
    }

    private static void Told(RequestPart part, FieldErrors errors, Action<FieldErrors> check)
    {
        var ofPart = new FieldErrors();
        check(ofPart);
        part.Tell(ofPart, errors);
    }

    private static OrchestrationRequest? ReadOne(JsonElement body, FieldErrors errors, out Guid? accountId, Given? given)
    {
        var fields = new JsonFields(body, errors);
        accountId = fields.Id("social_account_id", required: true);
        foreach (var known in (string[])[RequestParts.AdSets, Given.CampaignPath, Given.AdSetPath]) fields.Has(known);
        if (given?.AdSet is not null)
        {
            foreach (var known in (string[])["campaign_name", "campaign_objective", "special_ad_categories", "special_ad_category_countries", "budget_at"]) fields.Has(known);
            var ad = given.ReadAd(fields, accountId ?? default, body);
            fields.RefuseUnknown();
            return errors.Any ? null : ad;
        }

        var name = fields.Text("campaign_name", required: true, MaxName);
        var objective = Objective(fields);
        var goal = Goal(fields, objective);
        var destination = fields.Text("destination_type");
        var rule = objective is null || goal is null ? null : ObjectiveGoals.Find(objective, goal, destination);
        var targeting = TargetingValidation.Read(fields.Object("targeting"));
        var (autoPublish, activateAt) = (fields.Flag("auto_publish"), fields.LocalMoment(RequestParts.ActivateAt));
        var request = new OrchestrationRequest
        {
            SocialAccountId = accountId ?? default, CampaignName = name ?? "", CampaignObjective = objective ?? "", Targeting = targeting, OptimizationGoal = goal ?? "",
            DestinationType = destination, AutoPublish = autoPublish == true && activateAt is null, ActivateAt = activateAt, CampaignId = given?.Tree.Campaign.MetaId,
        };
        request = AdValidation.Read(fields, BudgetValidation.Read(fields, request), rule);
        request = OptionValidation.Read(fields, request, rule);
        request = DeliveryValidation.Read(fields, GoalValidation.Read(fields, request, rule), rule);
        fields.RefuseUnknown();
        return errors.Any ? null : request;
    }

    private static void CheckOneAgainst(SocialAccount account, SpendingCaps caps, JsonElement body, DateTimeOffset now, FieldErrors errors)
    {
        var fields = Again(body);
        BudgetValidation.CheckAgainst(account, caps, fields, now, errors);
        OptionValidation.CheckAgainst(account, fields, errors);
        GoalValidation.CheckAgainst(account, fields, errors);
        TargetingValidation.CheckAgainst(account, fields, errors);
    }

    // What is wrong in itself has been told already.
    private static JsonFields Again(JsonElement body) => new(body, new());

    private static string? Objective(JsonFields fields)
    {
        var objective = fields.Text("campaign_objective", required: true);
        if (objective is null) return null;
        if (ObjectiveGoals.IsObjective(objective)) return objective;
        fields.Refuse("campaign_objective", $"must be one of {string.Join(", ", ObjectiveGoals.Objectives)}; Meta takes no other objective for a new campaign");
        return null;
    }

    private static string? Goal(JsonFields fields, string? objective)
    {
        var goal = fields.Text("optimization_goal", required: true);
        if (goal is null || objective is null || ObjectiveGoals.Find(objective, goal) is not null) return goal;
        fields.Refuse("optimization_goal", $"does not fit {objective}; these do: {string.Join(", ", ObjectiveGoals.GoalsOf(objective))}");
        return null;
    }
}
