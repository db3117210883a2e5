using System.Globalization;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Console.New.Trees;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Targeting;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Console.New;

/// <summary>What the buttons of the form do: ask for the run, let Meta check it, search whom to reach, change the ad sets and ads, or only show it again.</summary>
internal sealed class NewActions(AcceptOrchestration accept, AccountStore accounts, FindTargeting find, LongCalls calls, IAntiforgery antiforgery)
{
    private const int LongestSearch = 100;

    // As much as the API takes; 20 ad sets of 50 ads, each with fields of its own.
    private const int LongestForm = 4 * 1024 * 1024;

    // Without FormGuard: a form that has expired is shown again with all that was typed.
    public static void Map(IEndpointRouteBuilder console) => console.MapPost("/new", (NewActions actions, HttpContext http) => actions.ActAsync(http))
        .RequireAuthorization(ConsolePolicies.Operate).WithMetadata(new RequestSizeLimitAttribute(LongestForm)).WithOrder(-1);

    private async Task<IResult> ActAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType) return FormResults.BackWithProblem(http, "The form had expired. Please try again.");
        if (await FormGuard.ReadAsync(http, calls) is { } refused) return refused;
        var values = FormValues.Posted(http.Request.Form, new FieldErrors());
        var tree = NewTree.Of(values);
        values = tree.In(values);
        if (!await antiforgery.IsRequestValidAsync(http)) return Refused(values, "The form had expired. Please try again.");
        var account = Guid.TryParse(values["social_account_id"], out var id) ? await accounts.FindAsync(id, http.RequestAborted) : null;
        var order = values["do"]?.Split(' ', 2) ?? [];
        var at = order.ElementAtOrDefault(1) ?? "";
        return order.ElementAtOrDefault(0) switch
        {
            "run" => await SendAsync(http, values, account, validateOnly: false),
            "validate" => await SendAsync(http, values, account, validateOnly: true),
            "find_place" => await FindAsync(http, values, account, new(TargetingKind.Place, at)),
            "find_interest" => await FindAsync(http, values, account, new(TargetingKind.Interest, at)),
            "find_language" => await FindAsync(http, values, account, new(TargetingKind.Language, at)),
            "add_card" or "drop_card" => FormResults.Shown<NewPage>(WithCards(values, Below(at), adds: order[0] == "add_card"), (nameof(NewPage.GoOn), Below(at) + "cards")),
            { } other when tree.Do(other, at) is { } goOn => FormResults.Shown<NewPage>(tree.In(values), (nameof(NewPage.GoOn), goOn)),
            var other => FormResults.Shown<NewPage>(tree.In(values), (nameof(NewPage.GoOn), other == "budget" ? "budget_at" : null)),
        };
    }

    private static string Below(string path) => path.Length == 0 ? "" : path + ".";

    /// <summary>One card more or less; there are none, or two at least.</summary>
    private static FormValues WithCards(FormValues values, string at, bool adds)
    {
        var cards = NewFields.CardsOf(values, at) + (adds ? 1 : -1);
        cards = cards >= NewFields.FewestCards ? Math.Min(cards, NewFields.MostCards) : adds ? NewFields.FewestCards : 0;
        var gone = Enumerable.Range(cards, NewFields.MostCards - cards).Select(card => $"{at}cards[{card}].").ToList();
        var kept = values.Fields.Where(field => field.Key != at + "cards" && !gone.Exists(card => field.Key.StartsWith(card, StringComparison.Ordinal)));
        return FormValues.Of((cards == 0 ? kept : kept.Append(new(at + "cards", cards.ToString(CultureInfo.InvariantCulture)))).ToDictionary());
    }

    private async Task<IResult> SendAsync(HttpContext http, FormValues values, SocialAccount? account, bool validateOnly)
    {
        var body = new NewBody(values, account is null ? null : TimeZoneInfo.FindSystemTimeZoneById(account.TimezoneName), validateOnly);
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

    private async Task<IResult> FindAsync(HttpContext http, FormValues values, SocialAccount? account, TargetingSearch search)
    {
        if (account is null) return Found(values, search, [], "Choose an account first: Meta is asked in its name.");
        if (values[search.TextField] is not { } text) return Found(values, search, [], null);
        return await find.ExecuteAsync(account.Id, search.Kind, text[..Math.Min(text.Length, LongestSearch)], http.RequestAborted) switch
        {
            TargetingFound.Options { Found: { Count: > 0 } options } => Found(values, search, options, null),
            TargetingFound.NotNow notNow => Found(values, search, [], notNow.Why),
            _ => Found(values, search, [], "Nothing found."),
        };
    }

    private static IResult Found(FormValues values, TargetingSearch search, IReadOnlyList<TargetingOption> options, string? nothing) =>
        FormResults.Shown<NewPage>(values, (nameof(NewPage.Found), search with { Options = options, Nothing = nothing }));

    private static IResult Refused(FormValues values, string problem) => FormResults.Again<NewPage>(values, (nameof(NewPage.Problem), problem));
}
