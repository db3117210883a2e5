using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Validation;
using static MetaAdsJobs.Core.Orchestrations.Requests.AdSets.TargetingItems;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>What an ad set optimises for, and what its ads open: a website, a form, an app's page in a store, a chat.</summary>
internal static class GoalValidation
{
    private const string Destination = "destination_type";
    private const string App = "application_id";
    private const string Store = "object_store_url";
    private const string Form = "lead_gen_form_id";
    private const string Devices = "device_platforms";

    /// <param name="request">With its destination.</param>
    /// <param name="rule">Null when the goal itself is wrong.</param>
    public static OrchestrationRequest Read(JsonFields fields, OrchestrationRequest request, GoalRule? rule)
    {
        var (app, store) = (fields.MetaId(App), ReadStore(fields));
        var form = fields.MetaId(Form);
        if (rule is null) return request;
        CheckDestination(fields, request, rule);
        foreach (var name in (string[])[App, Store]) Needed(name, rule.Promotes == PromotedObject.App, "promote an app");
        Needed(Form, rule.OpensForm, "count the leads of a form");
        if (store is not null && request.Targeting is { } targeting) OnlyOn(fields, targeting, AppStores.SystemOf(store)!);
        return request with { ApplicationId = app, ObjectStoreUrl = store, LeadGenFormId = form, LandingUrl = ButtonRule.Of(rule).LinkOf(store) ?? request.LandingUrl };

        void Needed(string name, bool isNeeded, string which)
        {
            if (isNeeded && !fields.Has(name)) fields.Refuse(name, $"is required for {request.OptimizationGoal}");
            if (!isNeeded && fields.Has(name)) fields.Refuse(name, $"is only for goals that {which}; {request.OptimizationGoal} does not");
        }
    }

    /// <summary>The page of an app in a store that is known here.</summary>
    public static string? ReadStore(JsonFields fields)
    {
        var store = fields.HttpUrl(Store);
        if (store is null || AppStores.SystemOf(store) is not null) return store;
        fields.Refuse(Store, $"must be the app's page in a store, such as {AppStores.Examples}");
        return null;
    }

    /// <summary>What only the account can tell.</summary>
    public static void CheckAgainst(SocialAccount account, JsonFields fields, FieldErrors errors)
    {
        if (account.InstagramUserId is null && fields.Text(Destination) == ObjectiveGoals.InstagramDirect)
            errors.Add(Destination, "needs an Instagram account, and the account here has no instagram_user_id: give it one, or choose another destination");
    }

    private static void CheckDestination(JsonFields fields, OrchestrationRequest request, GoalRule rule)
    {
        string[] right = [.. rule.OtherDestination is { } usual ? (string[])[usual] : [], .. rule.MayChat ? ObjectiveGoals.Chats : []];
        var what = $"{request.OptimizationGoal} with {request.CampaignObjective}";
        if (request.DestinationType is { } destination && !right.Contains(destination))
            fields.Refuse(Destination, right.Length == 0 ? $"must be left out: {what} has none" : $"must be {string.Join(" or ", right)} for {what}");
        else if (rule is { DestinationType: null, MayChat: true } && !fields.Has(Destination))
            fields.Refuse(Destination, $"is required for {what}: {string.Join(" or ", right)}");
    }

    // An app is for one system, and for phones: what is named beside that would never be shown. What is not named is set when the ad set is made.
    public static void OnlyOn(JsonFields fields, JsonObject targeting, string system)
    {
        if (fields.Object("targeting") is not { } asked) return;
        foreach (var (index, word) in ((targeting[AdSetTargeting.Systems] as JsonArray) ?? []).Index())
            if (!((string)word!).StartsWith(system, StringComparison.Ordinal)) fields.Errors.Add($"{asked.PathOf(AdSetTargeting.Systems)}[{index}]", $"must be {system}, or versions of it: the app of {Store} is for {system}");
        foreach (var (index, word) in ((targeting[Devices] as JsonArray) ?? []).Index())
            if ((string?)word != "mobile") fields.Errors.Add($"{asked.PathOf(Devices)}[{index}]", "must be mobile: an app is installed on phones and tablets");
    }
}
