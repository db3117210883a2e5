using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests.Into;

/// <summary>
/// A campaign that is there, and perhaps an ad set of it, to which a request adds; as they are recorded. What belongs to them a request leaves out: it is put in its place here, so that
/// one set of rules judges all, or must be the same.
/// </summary>
/// <param name="AdSet">What the ad set was asked for with; null when ad sets are added.</param>
internal sealed record Given(CampaignTree Tree, string Objective, string? BidStrategy, AdSetRequest? AdSet, string? AdSetId)
{
    public const string CampaignPath = "campaign_id";
    public const string AdSetPath = "ad_set_id";
    private const string Form = "lead_gen_form_id";
    private const int LongestName = 200;

    private string CampaignName => Marker.Split(Tree.Campaign.Name).Readable.Cut(LongestName);

    private bool IsCampaignBudget => Tree.Campaign.Budget.IsAny;

    private GoalRule? Rule => AdSet is null ? null : ObjectiveGoals.Find(Objective, AdSet.OptimizationGoal!, AdSet.DestinationType);

    /// <summary>Why nothing can be added at all, whenever it is asked for; null otherwise.</summary>
    public (string Path, string Why)? Refusal => !ObjectiveGoals.IsObjective(Objective) ? (AdSetId is null ? CampaignPath : AdSetPath, $"has the objective {Objective}; ads are made here for {string.Join(", ", ObjectiveGoals.Objectives)}")
        : AdSet is not null && Rule is null ? (AdSetPath, $"optimises for {AdSet.OptimizationGoal}, and ads are made here for {string.Join(", ", ObjectiveGoals.GoalsOf(Objective))}")
        : null;

    /// <summary>The body with what is the campaign's. Of an ad set that is there only ads are read: <see cref="ReadAd"/>.</summary>
    public JsonElement Complete(JsonElement body, FieldErrors errors)
    {
        foreach (var (name, value) in OfCampaign()) Agrees(body, name, value, "the campaign's", name, errors);
        if (AdSet is not null)
        {
            if (body.TryGetProperty(RequestParts.AdSets, out var sets) && sets.ValueKind == JsonValueKind.Array)
            {
                if (sets.GetArrayLength() > 1) errors.Add(RequestParts.AdSets, $"must be one, whose ads are added to the ad set of {AdSetPath}");
                else if (sets.GetArrayLength() == 1 && sets[0].ValueKind == JsonValueKind.Object) Agrees(sets[0], "name", AdSet.Name, "the ad set's", $"{RequestParts.AdSets}[0].name", errors);
            }

            return body;
        }

        var whole = new JsonObject();
        foreach (var field in body.EnumerateObject()) whole[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        foreach (var (name, value) in OfCampaign().Where(one => one.Value is not null)) whole[name] = value;
        return JsonSerializer.SerializeToElement(whole);
    }

    /// <summary>One ad for the ad set that is there.</summary>
    public OrchestrationRequest ReadAd(JsonFields fields, Guid accountId, JsonElement body)
    {
        var rule = Rule!;
        var activateAt = fields.LocalMoment(RequestParts.ActivateAt);
        var campaign = new OrchestrationRequest
        {
            SocialAccountId = accountId, CampaignName = CampaignName, CampaignObjective = Objective, OptimizationGoal = "", BudgetAt = IsCampaignBudget ? "campaign" : null,
            AutoPublish = fields.Flag("auto_publish") == true && activateAt is null, ActivateAt = activateAt, ValidateOnly = fields.Flag("validate_only") ?? false, CampaignId = Tree.Campaign.MetaId, AdSetId = AdSetId,
        };
        var ad = AdValidation.Read(fields, AdSet!.With(campaign, new AdRequest()), rule);
        // A form is opened by the ad; of an ad set that was adopted nobody knows it.
        if (rule.OpensForm && ad.LeadGenFormId is null) ad = ad with { LeadGenFormId = fields.MetaId(Form, required: true) };
        var recorded = JsonSerializer.SerializeToNode(AdSet, OrchestrationRequest.Json)!;
        foreach (var name in RequestParts.OfAdSet.Where(name => name != Form || AdSet.LeadGenFormId is not null || !rule.OpensForm))
        {
            fields.Has(name);
            Agrees(body, name, recorded[name], "the ad set's", fields.PathOf(name), fields.Errors);
        }

        return ad with { LandingUrl = ButtonRule.Of(rule).LinkOf(ad.ObjectStoreUrl) ?? ad.LandingUrl };
    }

    /// <summary>The ad set as it was asked for, with the ads that are added.</summary>
    public AdSetRequest With(IReadOnlyList<(OrchestrationRequest Request, string? Name)> ads) =>
        AdSet! with { LeadGenFormId = ads[0].Request.LeadGenFormId, Ads = [.. ads.Select(ad => AdRequest.Of(ad.Request, ad.Name))] };

    /// <summary>What is wrong today.</summary>
    public void CheckNow(DateTimeOffset now, FieldErrors errors)
    {
        if (Tree.Campaign.IsGone) errors.Add(AdSetId is null ? CampaignPath : AdSetPath, $"{(AdSetId is null ? "is" : "hangs on a campaign that is")} {Ended(Tree.Campaign)}: nothing can be added to it");
        if (AdSetId is null || Tree.Find(AdSetId) is not { } adSet) return;
        if (adSet.IsGone && !Tree.Campaign.IsGone) errors.Add(AdSetPath, $"is {Ended(adSet)}: nothing can be added to it");
        if (adSet.Budget.EndTime <= now) errors.Add(AdSetPath, "has ended: change its end_time first");
    }

    private static string Ended(TreeObject one) => one.Status == "DELETED" ? "deleted" : "archived";

    // Null: there is none, and a request may not bring it.
    private IEnumerable<(string Name, JsonNode? Value)> OfCampaign()
    {
        long? Cents(long? units) => units is null ? null : Currency.ToHundredths(Tree.Currency, units.Value);
        yield return ("campaign_name", CampaignName);
        yield return ("campaign_objective", Objective);
        yield return ("special_ad_categories", null);
        yield return ("special_ad_category_countries", null);
        yield return ("budget_at", IsCampaignBudget ? "campaign" : "ad_sets");
        if (!IsCampaignBudget) yield break;
        yield return ("daily_budget_cents", Cents(Tree.Campaign.Budget.Daily));
        yield return ("lifetime_budget_cents", Cents(Tree.Campaign.Budget.Lifetime));
        yield return ("bid_strategy", BidStrategy is not null && Bid.Strategies.ContainsKey(BidStrategy) ? BidStrategy : null);
    }

    private static void Agrees(JsonElement body, string name, JsonNode? recorded, string whose, string path, FieldErrors errors)
    {
        if (!body.TryGetProperty(name, out var sent) || sent.ValueKind == JsonValueKind.Null || JsonNode.DeepEquals(JsonNode.Parse(sent.GetRawText()), recorded)) return;
        errors.AddOnce(path, $"belongs to what is there already: leave it out{(recorded is null ? "" : $"; it is {whose}, {recorded.ToJsonString()}")}");
    }
}
