using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.Alerts;

/// <summary>What managers do to alerts and their rules, from their pages.</summary>
internal static class AlertActions
{
    public static readonly IReadOnlyCollection<string> Fields =
    [
        "name", "metric", "level", "account_ids", "campaign_ids", "when", "threshold", "resolve_at", "compare", "median_days", "window_days", "window_hours", "floor_metric", "floor_least", "evaluations", "cooldown_minutes", "severity",
        "group_by", "enabled", "days",
    ];

    public static void MapAlertActions(this IEndpointRouteBuilder console)
    {
        var alerts = console.MapGroup("/alerts").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Operate);
        alerts.MapPost("/{id:guid}/acknowledge", async (Guid id, ChangeAlert change, HttpContext http) =>
            Answer(http, await change.AcknowledgeAsync(id, http.User.CallerName(), http.RequestAborted), "It is noted that you are at it."));
        alerts.MapPost("/{id:guid}/mute", async (Guid id, ChangeAlert change, HttpContext http) =>
            Answer(http, await change.MuteAsync(id, http.User.CallerName(), http.RequestAborted), "Nothing more is told of this alert, of the accounts that it is of now."));
        alerts.MapPost("/rules/new", AddAsync).WithOrder(-1);
        alerts.MapPost("/rules/{id:guid}/edit", ChangeAsync).WithOrder(-1);
        alerts.MapPost("/rules/{id:guid}/on", (Guid id, SaveAlertRule save, HttpContext http) => SwitchAsync(id, true, save, http));
        alerts.MapPost("/rules/{id:guid}/off", (Guid id, SaveAlertRule save, HttpContext http) => SwitchAsync(id, false, save, http));
        alerts.MapPost("/rules/{id:guid}/remove", RemoveAsync);
    }

    /// <summary>A rule as its form has it.</summary>
    public static FormValues ValuesOf(AlertRule rule) => FormValues.Of(new Dictionary<string, StringValues>
    {
        [FormSeen.Field] = FormSeen.Of(rule.UpdatedAt), ["name"] = rule.Name, ["when"] = rule.Direction, ["threshold"] = Text(rule.Threshold), ["resolve_at"] = Text(rule.ResolveAt), ["compare"] = rule.Compare == AlertRule.Median ? rule.Compare : "",
        ["median_days"] = Text(rule.MedianDays), ["window_days"] = Text(rule.WindowDays), ["window_hours"] = Text(rule.WindowHours), ["floor_metric"] = rule.FloorMetric, ["floor_least"] = Text(rule.FloorLeast),
        ["evaluations"] = Text(rule.Evaluations), ["cooldown_minutes"] = Text(rule.CooldownMinutes), ["severity"] = rule.Severity, ["group_by"] = rule.GroupBy, ["enabled"] = rule.Enabled ? "true" : "",
        ["campaign_ids"] = string.Join('\n', rule.CampaignIds ?? []),
    });

    private static async Task<IResult> AddAsync(SaveAlertRule save, TryAlertRule attempt, LongCalls calls, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: true);
        if (IsTrial(http))
        {
            using var place = await calls.Computations.TakeAsync(http);
            return place is null ? calls.Computations.Refused() : Tried(await attempt.NewAsync(body.Number("days").ToJson(), http.RequestAborted), body);
        }

        return await save.CreateAsync(body.ToJson(), http.User.CallerName(), http.RequestAborted) switch
        {
            AlertRuleSaved.Done done => FormResults.On(http, $"/console/alerts/rules/{done.Value.Id}", "The rule was added."),
            AlertRuleSaved.Invalid invalid => FormResults.Again<AlertRuleFormPage>(body.Refused(invalid.Errors)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SaveAlertRule save, TryAlertRule attempt, LongCalls calls, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: false);
        if (IsTrial(http))
        {
            using var place = await calls.Computations.TakeAsync(http);
            return place is null ? calls.Computations.Refused() : Tried(await attempt.OneAsync(id, body.Number("days").ToJson(), http.RequestAborted), body, ("Id", id));
        }

        return await save.ChangeAsync(id, body.ToJson(), rule => rule.UpdatedAt == FormSeen.In(http.Request.Form), http.RequestAborted) switch
        {
            AlertRuleSaved.Done => FormResults.On(http, $"/console/alerts/rules/{id}", "The rule was changed."),
            AlertRuleSaved.Invalid invalid => FormResults.Again<AlertRuleFormPage>(body.Refused(invalid.Errors), ("Id", id)),
            AlertRuleSaved.Outdated => FormResults.Again<AlertRuleFormPage>(body.Refused(FormSeen.Outdated("Somebody has changed this rule since you opened it. Open it again to see what it is now.")), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    private static bool IsTrial(HttpContext http) => http.Request.Form["do"] == "try";

    private static IResult Tried(RuleTried tried, FormBody body, params (string Name, object? Value)[] route) => tried switch
    {
        RuleTried.Done done => FormResults.Shown<AlertRuleFormPage>(body.Refused(new()), [.. route, ("Trial", done.Trial)]),
        RuleTried.Invalid invalid => FormResults.Again<AlertRuleFormPage>(body.Refused(invalid.Errors), route),
        _ => Results.NotFound(),
    };

    private static async Task<IResult> SwitchAsync(Guid id, bool on, SaveAlertRule save, HttpContext http)
    {
        if (await save.ChangeAsync(id, JsonSerializer.SerializeToElement(new { enabled = on }), http.RequestAborted) is not AlertRuleSaved.Done) return Results.NotFound();
        return on ? FormResults.Back(http, "The rule is on.") : FormResults.Back(http, "The rule is off; what it had open is over.");
    }

    private static async Task<IResult> RemoveAsync(Guid id, SaveAlertRule save, HttpContext http) => await save.DeleteAsync(id, http.RequestAborted) switch
    {
        AlertRuleSaved.Done => FormResults.On(http, "/console/alerts/rules", "The rule was removed."),
        AlertRuleSaved.Refused => FormResults.BackWithProblem(http, "The rule is built in: switch it off instead."),
        _ => Results.NotFound(),
    };

    private static IResult Answer(HttpContext http, bool? wasOpen, string done) =>
        wasOpen is null ? Results.NotFound() : wasOpen.Value ? FormResults.Back(http, done) : FormResults.BackWithProblem(http, "The alert was over already.");

    // The accounts of one that is there stay as they are: a program may have chosen several.
    private static FormBody Body(IFormCollection form, bool isNew)
    {
        var body = new FormBody(form, emptyIsNull: !isNew).TextIfGiven("name").TextIfGiven("when").TextIfGiven("severity").TextIfGiven("group_by").Texts("floor_metric");
        foreach (var name in (string[])["threshold", "resolve_at", "median_days", "window_days", "window_hours", "floor_least", "evaluations", "cooldown_minutes"]) body.Number(name);
        body.Word("compare", AlertRule.Value).Flag("enabled").Ids("campaign_ids");
        return isNew ? body.Texts("metric", "level").Items("account_ids") : body;
    }

    private static string? Text(decimal? value) => value?.ToString("0.####", CultureInfo.InvariantCulture);
}
