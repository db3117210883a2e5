using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Holding;

namespace MetaAdsJobs.Console.Holding;

/// <summary>Answers to what asks for approval, and freezes, from a page. What is approved is what the page has shown.</summary>
internal static class HoldActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["social_account_id", "from", "until", "weekly", "reason"];
    private static readonly string[] WeeklyFields = ["weekly.days", "weekly.from", "weekly.until"];

    public static void MapHoldActions(this IEndpointRouteBuilder console)
    {
        var forms = console.MapGroup("").RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>().WithOrder(-1);
        forms.MapPost("/approvals/{id:guid}/approve", async (Guid id, DecideApproval decide, HttpContext http) =>
            Answer(http, await decide.ApproveAsync(id, http.User.CallerName(), Text(http, "content_hash"), http.RequestAborted), "Approved: it is activated at its time, or now."));
        forms.MapPost("/approvals/{id:guid}/reject", async (Guid id, DecideApproval decide, HttpContext http) =>
            Answer(http, await decide.RejectAsync(id, http.User.CallerName(), Text(http, "reason"), http.RequestAborted), "Rejected: it is not done."));
        forms.MapPost("/due", FreezeAsync);
        forms.MapPost("/freezes/{id:guid}/end", async (Guid id, Freezes freezes, HttpContext http) =>
            await freezes.EndAsync(id, http.User.CallerName(), http.RequestAborted) is true ? FormResults.Back(http, "The freeze is ended: what it held goes on.") : FormResults.BackWithProblem(http, "The freeze was over already."));
    }

    private static IResult Answer(HttpContext http, Decided decided, string done) => decided switch
    {
        Decided.Done => FormResults.Back(http, done),
        Decided.Own => FormResults.BackWithProblem(http, "Somebody else has to approve it: you have asked for it or for something of it, or whoever made the key or link that you came by has."),
        Decided.Refused => FormResults.BackWithProblem(http, "It has changed, or somebody has answered already: please look again."),
        _ => Results.NotFound(),
    };

    // What no text can hold is left out of it.
    private static string? Text(HttpContext http, string name) => new string([.. http.Request.Form[name].ToString().Where(letter => !char.IsControl(letter))]).Trim() is { Length: > 0 and <= 500 } text ? text : null;

    // In the form they stand beside each other; the use case takes them as one.
    private static JsonObject? Weekly(JsonObject json)
    {
        var weekly = new JsonObject();
        foreach (var field in WeeklyFields.Where(json.ContainsKey))
        {
            weekly[field.Split('.')[1]] = json[field]!.DeepClone();
            json.Remove(field);
        }

        return weekly.Count > 0 ? weekly : null;
    }

    private static async Task<IResult> FreezeAsync(Freezes freezes, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts("social_account_id", "from", "until", "reason").Texts(WeeklyFields[1..]).Items(WeeklyFields[0]);
        var json = JsonSerializer.SerializeToNode(body.ToJson())!.AsObject();
        if (Weekly(json) is { } weekly) json["weekly"] = weekly;
        // Of all accounts there is no one zone: the page says so.
        if (json["social_account_id"] is null)
            foreach (var name in (string[])["from", "until"])
                if ((string?)json[name] is { } local) json[name] = local + "Z";
        return await freezes.AddAsync(JsonSerializer.SerializeToElement(json), http.User.CallerName(), http.RequestAborted) switch
        {
            Saved<Freeze>.Done => FormResults.On(http, "/console/due", "The freeze is set: until its end nothing is activated or raised."),
            Saved<Freeze>.Invalid invalid => FormResults.Again<DuePage>(body.Refused(invalid.Errors)),
            _ => FormResults.BackWithProblem(http, "Nothing found."),
        };
    }
}
