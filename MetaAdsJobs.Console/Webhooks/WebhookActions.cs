using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;

namespace MetaAdsJobs.Console.Webhooks;

/// <summary>What managers do to webhooks, from their pages.</summary>
internal static class WebhookActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["url", "format", "event_types", "account_ids", "description"];

    public static void MapWebhookActions(this IEndpointRouteBuilder console)
    {
        var webhooks = console.MapGroup("/webhooks").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Operate);
        webhooks.MapPost("/new", AddAsync).WithOrder(-1);
        webhooks.MapPost("/{id:guid}/edit", ChangeAsync).WithOrder(-1);
        webhooks.MapPost("/{id:guid}", ReplayRangeAsync).WithOrder(-1);
        webhooks.MapPost("/{id:guid}/on", (Guid id, SaveWebhook save, HttpContext http) => SwitchAsync(id, true, save, http));
        webhooks.MapPost("/{id:guid}/off", (Guid id, SaveWebhook save, HttpContext http) => SwitchAsync(id, false, save, http));
        webhooks.MapPost("/{id:guid}/test", TestAsync);
        webhooks.MapPost("/{id:guid}/rotate", RotateAsync);
        webhooks.MapPost("/{id:guid}/remove", RemoveAsync);
        webhooks.MapPost("/{id:guid}/deliveries/{delivery:guid}/replay", ReplayOneAsync);
    }

    private static async Task<IResult> AddAsync(SaveWebhook save, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: true);
        return await save.CreateAsync(body.ToJson(), http.User.CallerName(), http.RequestAborted) switch
        {
            WebhookSaved.Done { Secret: null } done => FormResults.On(http, $"/console/webhooks/{done.Value.Id}", "The webhook was added."),
            WebhookSaved.Done done => Secret(done),
            WebhookSaved.Invalid invalid => FormResults.Again<WebhookFormPage>(body.Refused(invalid.Errors)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SaveWebhook save, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: false);
        return await save.ChangeAsync(id, body.ToJson(), http.User.CallerName(), webhook => webhook.UpdatedAt == FormSeen.In(http.Request.Form), http.RequestAborted) switch
        {
            WebhookSaved.Done => FormResults.On(http, $"/console/webhooks/{id}", "The webhook was changed."),
            WebhookSaved.Invalid invalid => FormResults.Again<WebhookFormPage>(body.Refused(invalid.Errors), ("Id", id)),
            WebhookSaved.Outdated => FormResults.Again<WebhookFormPage>(body.Refused(FormSeen.Outdated("Somebody has changed this webhook since you opened it. Open it again to see what it is now.")), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> SwitchAsync(Guid id, bool on, SaveWebhook save, HttpContext http)
    {
        var saved = await save.ChangeAsync(id, JsonSerializer.SerializeToElement(new { enabled = on }), http.User.CallerName(), http.RequestAborted);
        if (saved is not WebhookSaved.Done done) return Results.NotFound();
        if (on && !done.Value.IsOn) return FormResults.BackWithProblem(http, "Whose address it is may not hear of all that: change it, and give it its address anew.");
        return on ? FormResults.Back(http, "The webhook is on: what happens from now on is sent.") : FormResults.Back(http, "The webhook is off: what happens is held.");
    }

    private static async Task<IResult> TestAsync(Guid id, ReplayDeliveries replay, HttpContext http) =>
        await replay.TestAsync(id, http.User.CallerName(), http.RequestAborted) is null
            ? FormResults.BackWithProblem(http, "The webhook is switched off: switch it on first.") : FormResults.Back(http, "A test is on its way.");

    private static async Task<IResult> RotateAsync(Guid id, SaveWebhook save, HttpContext http) =>
        await save.RotateAsync(id, JsonSerializer.SerializeToElement(new JsonObject()), http.RequestAborted) switch
        {
            WebhookSaved.Done done => Secret(done),
            WebhookSaved.Invalid => FormResults.BackWithProblem(http, "Its secret was exchanged too often, and those before are still good: wait until they have ended."),
            _ => Results.NotFound(),
        };

    private static async Task<IResult> RemoveAsync(Guid id, WebhookStore store, TimeProvider time, HttpContext http) =>
        await store.DeleteAsync(id, time.GetUtcNow(), http.RequestAborted) ? FormResults.On(http, "/console/webhooks", "The webhook was removed.") : Results.NotFound();

    private static async Task<IResult> ReplayOneAsync(Guid id, Guid delivery, ReplayDeliveries replay, HttpContext http) =>
        await replay.OneAsync(id, delivery, http.RequestAborted) switch
        {
            Replayed.Done => FormResults.Back(http, "It is sent again."),
            Replayed.Refused => FormResults.BackWithProblem(http, "The webhook is switched off: switch it on first."),
            _ => Results.NotFound(),
        };

    private static async Task<IResult> ReplayRangeAsync(Guid id, ReplayDeliveries replay, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Moment("from", TimeZoneInfo.Utc).Moment("to", TimeZoneInfo.Utc).Texts("state");
        return await replay.RangeAsync(id, body.ToJson(), http.RequestAborted) switch
        {
            Replayed.Done done => FormResults.Back(http, "On their way: {0}", (int)Math.Min(int.MaxValue, done.Count)),
            Replayed.Invalid invalid => FormResults.Again<WebhookPage>(body.Refused(invalid.Errors), ("Id", id)),
            Replayed.Refused => FormResults.BackWithProblem(http, "The webhook is switched off: switch it on first."),
            _ => Results.NotFound(),
        };
    }

    // The accounts of one that is there stay as they are: a program may have chosen several.
    private static FormBody Body(IFormCollection form, bool isNew)
    {
        var body = new FormBody(form, emptyIsNull: !isNew).TextIfGiven("url").Items("event_types").Texts("description");
        return isNew ? body.Texts("format").Items("account_ids") : body;
    }

    private static IResult Secret(WebhookSaved.Done done) => FormResults.Shown<WebhookSecretPage>(FormValues.Empty, ("Webhook", done.Value), ("Secret", done.Secret));
}
