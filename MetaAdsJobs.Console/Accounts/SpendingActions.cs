using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Console.Accounts;

/// <summary>The stop switch of one account and of all: a page says what it means, its form does it.</summary>
internal static class SpendingActions
{
    // As much as the API takes of one; so that it never waits for a place among large forms.
    private const int LongestStop = 64 * 1024;

    public static void MapSpendingActions(this IEndpointRouteBuilder accounts)
    {
        foreach (var which in (string[])["/all", "/{id:guid}"])
        {
            accounts.MapPost($"{which}/stop", StopAsync).RequireAuthorization(ConsolePolicies.Operate).DisableRateLimiting().WithMetadata(new RequestSizeLimitAttribute(LongestStop)).WithOrder(-1);
            accounts.MapPost($"{which}/start", StartAsync).RequireAuthorization(ConsolePolicies.Operate).WithOrder(-1);
        }
    }

    private static async Task<IResult> StopAsync(Guid? id, [FromKeyedServices(Connections.OfStops)] StopSwitch stop, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts("reason");
        var fields = new JsonFields(body.ToJson(), new());
        var reason = fields.Text("reason", max: 500);
        if (fields.Errors.Any) return Again(body, fields.Errors, id);
        return await stop.StopAsync(id, http.User.CallerName(), reason, http.RequestAborted) switch
        {
            Switched.Done => FormResults.On(http, Page(id), "Stopped: what is active is being paused at Meta, and what is new waits."),
            Switched.Refused refused => Refused(body, refused, id),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> StartAsync(Guid? id, StopSwitch stop, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Flag("reactivate");
        var reactivate = body.ToJson().GetProperty("reactivate").GetBoolean();
        switch (await stop.StartAsync(id, http.User.CallerName(), reactivate, http.RequestAborted))
        {
            case Switched.Done:
                return FormResults.On(http, Page(id), reactivate ? "Started: what the stop paused is being activated again." : "Started: what the stop paused stays paused.");
            case Switched.Refused refused:
                return Refused(body, refused, id);
            default:
                return Results.NotFound();
        }
    }

    private static IResult Refused(FormBody body, Switched.Refused refused, Guid? id)
    {
        var errors = new FieldErrors();
        errors.Add("$", refused.IsRetired ? "The account is retired: it stays as it is." : "All accounts are stopped, not this one alone: only the start of all accounts lifts that.");
        return Again(body, errors, id);
    }

    private static IResult Again(FormBody body, FieldErrors errors, Guid? id) => FormResults.Again<SwitchPage>(body.Refused(errors), ("Id", id));

    private static string Page(Guid? id) => id is null ? "/console/accounts" : $"/console/accounts/{id}";
}
