using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Targeting;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Antiforgery;

namespace MetaAdsJobs.Console.New;

/// <summary>What the buttons of the form do: ask for the run, let Meta check it, search whom to reach, or only show it again.</summary>
internal sealed class NewActions(AcceptOrchestration accept, AccountStore accounts, FindTargeting find, IAntiforgery antiforgery)
{
    private const int LongestSearch = 100;

    // Without FormGuard: a form that has expired is shown again with all that was typed.
    public static void Map(IEndpointRouteBuilder console) =>
        console.MapPost("/new", (NewActions actions, HttpContext http) => actions.ActAsync(http)).RequireAuthorization(ConsolePolicies.Operate).WithOrder(-1);

    private async Task<IResult> ActAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType) return FormResults.BackWithProblem(http, "The form had expired. Please try again.");
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var values = FormValues.Posted(form, new FieldErrors());
        if (!await antiforgery.IsRequestValidAsync(http)) return Refused(values, "The form had expired. Please try again.");
        var account = Guid.TryParse(values["social_account_id"], out var id) ? await accounts.FindAsync(id, http.RequestAborted) : null;
        return values["do"] switch
        {
            "run" => await SendAsync(http, form, values, account, validateOnly: false),
            "validate" => await SendAsync(http, form, values, account, validateOnly: true),
            "find_place" => await FindAsync(http, values, account, TargetingKind.Place),
            "find_interest" => await FindAsync(http, values, account, TargetingKind.Interest),
            "find_language" => await FindAsync(http, values, account, TargetingKind.Language),
            _ => FormResults.Shown<NewPage>(values),
        };
    }

    private async Task<IResult> SendAsync(HttpContext http, IFormCollection form, FormValues values, SocialAccount? account, bool validateOnly)
    {
        var body = new NewBody(form, account is null ? null : TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName), validateOnly);
        // The form's own key: sent twice, by a second press or a lost answer, it is the same run. A check creates nothing.
        var key = validateOnly || !Guid.TryParseExact(values[NewPage.KeyField], "N", out var given) ? null : $"console-{given:N}";
        if (key is null && !validateOnly) return Refused(values, "The form had expired. Please try again.");
        return await accept.ExecuteAsync(body.ToJson(), http.User.CallerName(), key, http.RequestAborted) switch
        {
            Acceptance.Accepted accepted => FormResults.On(http, $"/console/runs/{accepted.RequestId}", validateOnly ? "Meta is being asked; nothing is created." : "The run was accepted."),
            Acceptance.Invalid invalid => FormResults.Again<NewPage>(body.Refused(invalid.Errors)),
            Acceptance.UnknownAccount => Refused(values, "The account does not exist any more."),
            Acceptance.UnknownClip => Refused(values, "The clip does not exist any more."),
            _ => FormResults.Again<NewPage>(values, (nameof(NewPage.Problem), "This form has asked for a run already. Press again to ask for another one."), (nameof(NewPage.NeedsKey), true)),
        };
    }

    private async Task<IResult> FindAsync(HttpContext http, FormValues values, SocialAccount? account, TargetingKind kind)
    {
        if (account is null) return Found(values, kind, [], "Choose an account first: Meta is asked in its name.");
        if (values[TargetingFields.TextOf(kind)] is not { } text) return Found(values, kind, [], null);
        return await find.ExecuteAsync(account.Id, kind, text[..Math.Min(text.Length, LongestSearch)], http.RequestAborted) switch
        {
            TargetingFound.Options { Found: { Count: > 0 } options } => Found(values, kind, options, null),
            TargetingFound.NotNow notNow => Found(values, kind, [], notNow.Why),
            _ => Found(values, kind, [], "Nothing found."),
        };
    }

    private static IResult Found(FormValues values, TargetingKind kind, IReadOnlyList<TargetingOption> options, string? nothing) => FormResults.Shown<NewPage>(
        values, (nameof(NewPage.Found), options), (nameof(NewPage.FoundKind), kind), (nameof(NewPage.FoundNothing), nothing));

    private static IResult Refused(FormValues values, string problem) => FormResults.Again<NewPage>(values, (nameof(NewPage.Problem), problem));
}
