using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Publishers.Templates;

namespace MetaAdsJobs.Console.Publishers;

/// <summary>What managers do to publishers, their templates and what they have sent, from their pages.</summary>
internal static class PublisherActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["name", "description", "runs_per_day"];

    /// <summary>Of the form of a template those that show what is wrong beside them; of JSON it is told with its path.</summary>
    public static readonly IReadOnlyCollection<string> TemplateFields = ["daily_cap_cents", "approval"];

    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the form of a new template begins with.</summary>
    public const string Beginning = """
        {
          "campaign_name": "{clip.title} {date}",
          "campaign_objective": "OUTCOME_TRAFFIC",
          "daily_budget_cents": 1000,
          "creative_title": "{clip.title:40}",
          "landing_url": "{clip.url}",
          "optimization_goal": "LINK_CLICKS"
        }
        """;

    public static void MapPublisherActions(this IEndpointRouteBuilder console)
    {
        // Chooses an account: its page is the template's.
        console.MapGet("/publishers/{id:guid}/templates", (Guid id, Guid? account) => Results.Redirect(account is { } chosen ? $"/console/publishers/{id}/templates/{chosen}" : $"/console/publishers/{id}"))
            .RequireAuthorization(ConsolePolicies.Operate);
        var publishers = console.MapGroup("/publishers").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Operate);
        publishers.MapPost("/new", AddAsync).WithOrder(-1);
        publishers.MapPost("/{id:guid}/edit", ChangeAsync).WithOrder(-1);
        publishers.MapPost("/{id:guid}/templates/{account:guid}", TemplateAsync).WithOrder(-1);
        publishers.MapPost("/{id:guid}/templates/{account:guid}/remove", RemoveTemplateAsync);
        publishers.MapPost("/{id:guid}/on", (Guid id, SavePublisher save, HttpContext http) => SwitchAsync(id, true, save, http));
        publishers.MapPost("/{id:guid}/off", (Guid id, SavePublisher save, HttpContext http) => SwitchAsync(id, false, save, http));
        publishers.MapPost("/{id:guid}/rotate", RotateAsync);
        publishers.MapPost("/{id:guid}/remove", RemoveAsync);
        publishers.MapPost("/{id:guid}/take", TakeManyAsync);
        publishers.MapPost("/{id:guid}/events/{event:guid}/take", TakeAsync);
    }

    private static async Task<IResult> AddAsync(SavePublisher save, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: true);
        return await save.CreateAsync(body.ToJson(), http.User.CallerName(), http.RequestAborted) switch
        {
            PublisherSaved.Done done => Secret(done),
            PublisherSaved.Invalid invalid => FormResults.Again<PublisherFormPage>(body.Refused(invalid.Errors)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SavePublisher save, HttpContext http)
    {
        var body = Body(http.Request.Form, isNew: false);
        return await save.ChangeAsync(id, body.ToJson(), publisher => publisher.UpdatedAt == FormSeen.In(http.Request.Form), http.RequestAborted) switch
        {
            PublisherSaved.Done => FormResults.On(http, $"/console/publishers/{id}", "The publisher was changed."),
            PublisherSaved.Invalid invalid => FormResults.Again<PublisherFormPage>(body.Refused(invalid.Errors), ("Id", id)),
            PublisherSaved.Outdated => FormResults.Again<PublisherFormPage>(body.Refused(FormSeen.Outdated("Somebody has changed this publisher since you opened it. Open it again to see what it is now.")), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> SwitchAsync(Guid id, bool on, SavePublisher save, HttpContext http)
    {
        var saved = await save.ChangeAsync(id, JsonSerializer.SerializeToElement(new { enabled = on }), http.RequestAborted);
        if (saved is not PublisherSaved.Done) return Results.NotFound();
        return on ? FormResults.Back(http, "The publisher is on.") : FormResults.Back(http, "The publisher is off: nothing of it is taken.");
    }

    private static async Task<IResult> RotateAsync(Guid id, SavePublisher save, HttpContext http) =>
        await save.RotateAsync(id, JsonSerializer.SerializeToElement(new JsonObject()), http.RequestAborted) switch
        {
            PublisherSaved.Done done => Secret(done),
            PublisherSaved.Invalid => FormResults.BackWithProblem(http, "Its secret was exchanged too often, and those before are still good: wait until they have ended."),
            _ => Results.NotFound(),
        };

    private static async Task<IResult> RemoveAsync(Guid id, PublisherStore store, TimeProvider time, HttpContext http) => await store.DeleteAsync(id, time.GetUtcNow(), http.RequestAborted) switch
    {
        PublisherRemoved.Done => FormResults.On(http, "/console/publishers", "The publisher was removed."),
        PublisherRemoved.HasRuns => FormResults.BackWithProblem(http, "It has made runs: switch it off instead."),
        _ => Results.NotFound(),
    };

    private static async Task<IResult> TemplateAsync(Guid id, Guid account, SaveTemplate save, PreviewClip preview, HttpContext http)
    {
        var form = http.Request.Form;
        var body = new FormBody(form, emptyIsNull: false).Json("request").Json("defaults").Cents("daily_cap_cents").Flag("approval").Json("sample");
        if (form["do"] == "preview")
        {
            var template = JsonNode.Parse(body.ToJson().GetRawText())!.AsObject();
            var asked = new JsonObject { ["social_account_id"] = account, ["data"] = template["sample"]?.DeepClone() };
            template.Remove("sample");
            asked["template"] = template;
            return await preview.ExecuteAsync(id, JsonSerializer.SerializeToElement(asked), http.RequestAborted) switch
            {
                ClipPreview.Shown shown => FormResults.Shown<TemplatePage>(FormValues.Posted(form, new Dictionary<string, string[]>()), ("Id", id), ("Account", account), ("Plan", shown.Plan)),
                ClipPreview.Invalid invalid => FormResults.Again<TemplatePage>(body.Refused(invalid.Errors), ("Id", id), ("Account", account)),
                _ => Results.NotFound(),
            };
        }

        return await save.ExecuteAsync(id, account, body.ToJson(), http.User.CallerName(), now => now?.ChangedAt == FormSeen.In(form), http.RequestAborted) switch
        {
            TemplateSaved.Done => FormResults.On(http, $"/console/publishers/{id}", "The template is saved: the next clip is made by it."),
            TemplateSaved.Invalid invalid => FormResults.Again<TemplatePage>(body.Refused(invalid.Errors), ("Id", id), ("Account", account)),
            TemplateSaved.Outdated => FormResults.Again<TemplatePage>(
                body.Refused(FormSeen.Outdated("Somebody has changed this template since you opened it. Open it again to see what it is now.")), ("Id", id), ("Account", account)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> RemoveTemplateAsync(Guid id, Guid account, TemplateStore templates, TimeProvider time, HttpContext http) =>
        await templates.DeleteAsync(id, account, time.GetUtcNow(), http.RequestAborted) ? FormResults.Back(http, "The template was removed: nothing more is made in that account.") : Results.NotFound();

    private static async Task<IResult> TakeAsync(Guid id, Guid @event, RetakeClipEvent retake, HttpContext http) => await retake.ExecuteAsync(id, @event, http.User.CallerName(), http.RequestAborted) switch
    {
        null => Results.NotFound(),
        { IsOpen: true } => FormResults.BackWithProblem(http, "It is as wrong as before: what is wrong stands beside it."),
        _ => FormResults.Back(http, "It was taken."),
    };

    private static async Task<IResult> TakeManyAsync(Guid id, RetakeClipEvent retake, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts("state");
        return await retake.OfStateAsync(id, body.ToJson(), http.User.CallerName(), http.RequestAborted) is TakenMany.Done done
            ? FormResults.Back(http, "Made of them: {0}", done.Accepted) : FormResults.BackWithProblem(http, "Nothing found.");
    }

    private static FormBody Body(IFormCollection form, bool isNew)
    {
        var body = new FormBody(form, emptyIsNull: !isNew).Texts("description");
        if (isNew) body.Texts("name");
        // What is no number is told as such by the use case.
        return long.TryParse(form["runs_per_day"], NumberStyles.None, CultureInfo.InvariantCulture, out var runs) ? body.Number("runs_per_day", runs) : body.TextIfGiven("runs_per_day");
    }

    private static IResult Secret(PublisherSaved.Done done) => FormResults.Shown<PublisherSecretPage>(FormValues.Empty, ("Publisher", done.Value), ("Secret", done.Secret));
}
