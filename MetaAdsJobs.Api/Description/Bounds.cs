using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using MetaAdsJobs.Api.Accounts;
using MetaAdsJobs.Api.Alerts;
using MetaAdsJobs.Api.Budgets;
using MetaAdsJobs.Api.Campaigns;
using MetaAdsJobs.Api.Events;
using MetaAdsJobs.Api.Experiments;
using MetaAdsJobs.Api.People;
using MetaAdsJobs.Api.Publishers;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>
/// How long texts and lists of bodies may be, and between which numbers a number lies. The use cases hold them and tell what is beyond; a test sends what is just beyond each, so that what stands here is what holds.
/// </summary>
internal static class Bounds
{
    // What Text of a body's fields takes when nobody says otherwise, and an address.
    private const int UsualText = 255;
    private const int Address = 2000;
    private const long Budget = 10_000_000_000_000;
    private const long Cap = 1_000_000_000_000_000;

    private static readonly Dictionary<(string Type, string Field), Action<OpenApiSchema>> Of = [];

    static Bounds()
    {
        foreach (var type in (string[])[nameof(AccountBody), nameof(AccountChanges)])
        {
            Texts(200, type, "name");
            Texts(100, type, "ad_account_id", "page_id", "instagram_user_id", "pixel_id");
            Texts(UsualText, type, "currency", "timezone_name", "dsa_beneficiary", "dsa_payor");
            Texts(2000, type, "access_token");
            Items(250, type, "default_countries");
            Numbers(1, Cap, type, "campaign_cap_cents", "daily_cap_cents");
            Numbers(0, Cap, type, "approval_above_cents");
        }

        foreach (var type in (string[])[nameof(AlertRuleBody), nameof(AlertRuleChanges), nameof(AlertRuleTrialBody), nameof(AlertRuleTrialChanges)])
        {
            Texts(100, type, "name");
            Items(500, type, "account_ids", "campaign_ids");
            Numbers(-1_000_000_000, 1_000_000_000, type, "threshold", "resolve_at");
            Numbers(0, 1_000_000_000, type, "floor_least");
            Numbers(1, 28, type, "window_days");
            Numbers(1, 168, type, "window_hours");
            Numbers(7, 28, type, "median_days");
            Numbers(1, 60, type, "evaluations", "days");
            Numbers(5, 10_080, type, "cooldown_minutes");
        }

        foreach (var type in (string[])[nameof(BudgetPoolBody), nameof(BudgetPoolChanges), nameof(BudgetPoolTrialBody), nameof(BudgetPoolTrialChanges)])
        {
            Texts(100, type, "name");
            Items(50, type, "members");
            Numbers(1, 20, type, "max_step_percent");
            Numbers(0, 100, type, "least_gain_percent");
            Numbers(1, 90, type, "days");
        }

        Texts(100, nameof(BudgetMemberBody), "id");
        Numbers(1, Budget, nameof(BudgetMemberBody), "min_cents", "max_cents");
        Numbers(2, 20, nameof(SimulationBody), "members");
        Numbers(7, 120, nameof(SimulationBody), "days");
        Numbers(1, 1_000_000, nameof(SimulationBody), "daily_budget");
        Numbers(0, 100, nameof(SimulationBody), "least_gain_percent");
        Numbers(0, int.MaxValue, nameof(SimulationBody), "seed");
        Texts(200, nameof(ClipBody), "title");
        Texts(100, nameof(ClipBody), "video_id");
        Texts(Address, nameof(ClipBody), "video_url", "image_url", "thumbnail_url");
        Texts(200, nameof(ClipTold), "clip_id", "title");
        Texts(5000, nameof(ClipTold), "caption");
        Texts(Address, nameof(ClipTold), "url", "video_url", "image_url", "thumbnail_url");
        Texts(100, nameof(ClipTold), "video_id");
        Texts(20, nameof(ClipTold), "language");
        Texts(2, nameof(ClipTold), "country");
        Items(20, nameof(ClipTold), "social_account_ids");
        Texts(200, nameof(EditBody), "name");
        Numbers(1, Budget, nameof(EditBody), "daily_budget_cents", "lifetime_budget_cents", "bid_amount_cents", "if_budget_is");
        Texts(80, nameof(ExperimentBody), "name");
        Texts(50, nameof(ExperimentBody), "counts");
        Items(5, nameof(ExperimentBody), "variants");
        Numbers(7, 84, nameof(ExperimentBody), "most_days");
        Numbers(0, 28, nameof(ExperimentBody), "attribution_days");
        foreach (var type in (string[])[nameof(ExperimentBody), nameof(ExperimentSimulationBody)])
        {
            Numbers(5, 200, type, "smallest_difference_percent");
            Numbers(10, 100_000, type, "least_results");
        }

        Numbers(2, 5, nameof(ExperimentSimulationBody), "variants");
        Numbers(0, 200, nameof(ExperimentSimulationBody), "better_percent");
        Numbers(0.1m, 1000, nameof(ExperimentSimulationBody), "results_a_day");
        Numbers(7, 84, nameof(ExperimentSimulationBody), "days");
        Numbers(0, 27, nameof(ExperimentSimulationBody), "attribution_days");
        Numbers(1, 200, nameof(ExperimentSimulationBody), "runs");
        Numbers(0, int.MaxValue, nameof(ExperimentSimulationBody), "seed");
        Texts(100, nameof(GroupBody), "name");
        Items(5000, nameof(GroupBody), "account_ids");
        Texts(100, nameof(KeyBody), "name");
        Texts(200, nameof(UserBody), "name", "mail");
        Texts(200, nameof(UserChanges), "name");
        foreach (var type in (string[])[nameof(KeyBody), nameof(UserBody), nameof(UserChanges)]) Items(5000, type, "accounts", "groups");
        Texts(50, nameof(PublisherBody), "name");
        Numbers(1, 1_000_000_000_000, nameof(TemplateBody), "daily_cap_cents");
        Numbers(0, 168, nameof(RotateBody), "keep_old_hours");
        foreach (var type in (string[])[nameof(PublisherBody), nameof(PublisherChanges)])
        {
            Texts(200, type, "description");
            Numbers(0, 10_000, type, "runs_per_day");
        }

        foreach (var type in (string[])[nameof(WebhookBody), nameof(WebhookChanges)])
        {
            Texts(Address, type, "url");
            Texts(200, type, "description");
            Items(EventTypes.All.Count, type, "event_types");
            Items(500, type, "account_ids");
        }

        foreach (var type in (string[])[nameof(OrchestrationRequest), nameof(AdRequest), nameof(AdContent)])
        {
            Texts(UsualText, type, "creative_title", "link_description", "conversion_domain");
            Texts(2000, type, "creative_description");
            Texts(Address, type, "landing_url");
            Texts(100, type, "post_id", "instagram_media_id", "instagram_user_id");
            Texts(1000, type, "url_tags");
            Items(5, type, "titles", "texts");
            Items(10, type, "cards");
        }

        foreach (var type in (string[])[nameof(OrchestrationRequest), nameof(AdSetRequest)])
        {
            Numbers(1, Budget, type, "daily_budget_cents", "lifetime_budget_cents", "min_spend_cents", "max_spend_cents", "bid_amount_cents");
            Numbers(0.01m, 1000, type, "roas_average_floor");
        }
    }

    public static Task AddAsync(OpenApiSchema schema, JsonPropertyInfo? field)
    {
        if (field is not null && Of.TryGetValue((field.DeclaringType.Name, field.Name), out var add)) add(schema);
        return Task.CompletedTask;
    }

    private static void Texts(int longest, string type, params IEnumerable<string> fields) => Add(type, fields, schema => schema.MaxLength = longest);

    private static void Items(int most, string type, params IEnumerable<string> fields) => Add(type, fields, schema => schema.MaxItems = most);

    private static void Numbers(decimal least, decimal most, string type, params IEnumerable<string> fields) =>
        Add(type, fields, schema => (schema.Minimum, schema.Maximum) = (least.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture)));

    private static void Add(string type, IEnumerable<string> fields, Action<OpenApiSchema> bound)
    {
        foreach (var field in fields) Of[(type, field)] = bound;
    }
}
