using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.Accounts;

/// <summary>What admins do to accounts, and managers to their numbers, from a page.</summary>
internal static class AccountActions
{
    /// <summary>The button that shows what a token reaches.</summary>
    public const string Offer = "offer";

    private static readonly JsonElement Unblocking = JsonSerializer.SerializeToElement(new { unblock = true });

    public static void MapAccountActions(this IEndpointRouteBuilder console)
    {
        var accounts = console.MapGroup("/accounts").AddEndpointFilter<FormGuard>();
        // A form that may have to be shown again is sent to its page's own address, before the page itself is asked.
        accounts.MapPost("/new", AddAsync).RequireAuthorization(ConsolePolicies.Administer).WithOrder(-1);
        accounts.MapPost("/{id:guid}/edit", ChangeAsync).RequireAuthorization(ConsolePolicies.Administer).WithOrder(-1);
        accounts.MapPost("/{id:guid}/retire", RetireAsync).RequireAuthorization(ConsolePolicies.Administer).WithOrder(-1);
        accounts.MapPost("/{id:guid}", SyncAsync).RequireAuthorization(ConsolePolicies.Operate).WithOrder(-1);
        accounts.MapPost("/{id:guid}/unblock", UnblockAsync).RequireAuthorization(ConsolePolicies.Administer);
        accounts.MapSpendingActions();
    }

    private static async Task<IResult> AddAsync(SaveAccount save, AccountStore accounts, ListChoices choices, KeptTokens kept, HttpContext http)
    {
        var form = http.Request.Form;
        if (form.ContainsKey(Offer)) return await OfferAsync(null, choices, kept, http);
        var body = AccountForm.Body(form, isNew: true, kept.Find(form));
        return await save.CreateAsync(body.ToJson(), http.RequestAborted) switch
        {
            Saved<SocialAccount>.Done done => FormResults.On(http, $"/console/accounts/{done.Value.Id}", "The account was added."),
            Saved<SocialAccount>.Invalid invalid => FormResults.Again<AccountFormPage>(body.Refused(invalid.Errors, AccountForm.Token)),
            Saved<SocialAccount>.Taken taken => FormResults.Again<AccountFormPage>(body.Refused(One("ad_account_id", taken.Holder is { Id: not null } ? "has an account here already: two would have caps and a stop each of their own" : AccountPairs.Tell(taken.AdAccountId, null)), AccountForm.Token)),
            // The form was sent twice: its id was made with it.
            Saved<SocialAccount>.Exists exists when await accounts.FindAsync(exists.Id, http.RequestAborted) is { } same && same.Name == form["name"].ToString().Trim()
                && same.AdAccountId == form["ad_account_id"].ToString().Trim() => FormResults.On(http, $"/console/accounts/{exists.Id}", "The account was added."),
            _ => FormResults.Again<AccountFormPage>(body.Refused(One("id", "is the id of another account"), AccountForm.Token)),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SaveAccount save, ListChoices choices, KeptTokens kept, HttpContext http)
    {
        var form = http.Request.Form;
        if (form.ContainsKey(Offer)) return await OfferAsync(id, choices, kept, http);
        var body = AccountForm.Body(form, isNew: false, kept.Find(form));
        return await save.ChangeAsync(id, body.ToJson(), account => account.UpdatedAt == FormSeen.In(form), http.RequestAborted) switch
        {
            Saved<SocialAccount>.Done => FormResults.On(http, $"/console/accounts/{id}", "The account was changed."),
            Saved<SocialAccount>.Invalid invalid => FormResults.Again<AccountFormPage>(body.Refused(invalid.Errors, AccountForm.Token), ("Id", id)),
            Saved<SocialAccount>.Outdated => FormResults.Again<AccountFormPage>(
                body.Refused(One("$", "Somebody has changed this account since you opened it. Open it again to see what it is now."), AccountForm.Token), ("Id", id)),
            Saved<SocialAccount>.Retired => FormResults.Again<AccountFormPage>(body.Refused(One("$", "The account is retired: it stays as it is."), AccountForm.Token), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    // Nothing is saved: the form is shown again, with lists of what the token reaches.
    private static async Task<IResult> OfferAsync(Guid? id, ListChoices choices, KeptTokens kept, HttpContext http)
    {
        var form = http.Request.Form;
        var token = form[AccountForm.Token].ToString().Trim() is { Length: > 0 } typed ? typed : kept.Find(form);
        var question = new JsonObject { ["access_token"] = token };
        if (form["ad_account_id"].ToString().Trim() is { Length: > 0 } adAccountId) question["ad_account_id"] = adAccountId;
        var found = id is { } account && token is null ? await choices.ExecuteAsync(account, http.RequestAborted) : await choices.ExecuteAsync(JsonSerializer.SerializeToElement(question), http.RequestAborted);
        var values = FormValues.Posted(form, new FieldErrors(), AccountForm.Token);
        return found switch
        {
            Choices.Found all => FormResults.Shown<AccountFormPage>(AccountForm.With(values, token is null ? null : kept.Keep(token), all.What), ("Id", id), ("Choices", all.What)),
            Choices.Invalid invalid => FormResults.Again<AccountFormPage>(values.With(invalid.Errors.ToDictionary()), ("Id", id)),
            Choices.NotNow notNow => FormResults.Again<AccountFormPage>(values.With(One("$", notNow.Why).ToDictionary()), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> RetireAsync(Guid id, RetireAccount retire, HttpContext http)
    {
        var form = http.Request.Form;
        var leaves = form["leave_active"].ToString() is "true" or "on";
        return await retire.ExecuteAsync(id, account => account.UpdatedAt == FormSeen.In(form), leaves, http.User.CallerName(), http.RequestAborted) switch
        {
            Retirement.Done => FormResults.On(http, $"/console/accounts/{id}", "The account was retired."),
            Retirement.Outdated => Again("Somebody has changed this account since you opened it. Open it again to see what it is now."),
            Retirement.Busy busy => FormResults.Again<RetirePage>(FormValues.Posted(form, new FieldErrors()), ("Id", id), ("Busy", busy)),
            _ => Results.NotFound(),
        };

        IResult Again(string why) => FormResults.Again<RetirePage>(FormValues.Posted(form, One("$", why)), ("Id", id));
    }

    private static async Task<IResult> UnblockAsync(Guid id, SaveAccount save, HttpContext http) =>
        await save.ChangeAsync(id, Unblocking, http.RequestAborted) is Saved<SocialAccount>.Done
            ? FormResults.On(http, $"/console/accounts/{id}", "The account was unblocked; what waited goes on.") : Results.NotFound();

    private static async Task<IResult> SyncAsync(Guid id, RequestSync request, HttpContext http)
    {
        var form = http.Request.Form;
        var errors = new FieldErrors();
        var (since, until) = (Day(form, "since", errors), Day(form, "until", errors));
        if (errors.Any) return FormResults.Again<AccountPage>(FormValues.Posted(form, errors), ("Id", id));
        return await request.ExecuteAsync(id, since, until, http.User.CallerName(), http.RequestAborted) switch
        {
            SyncRequested.Queued => FormResults.On(http, $"/console/accounts/{id}", "The sync was asked for."),
            SyncRequested.Retired => FormResults.BackWithProblem(http, "The account is retired: it stays as it is."),
            SyncRequested.Invalid invalid => FormResults.Again<AccountPage>(FormValues.Posted(form, invalid.Errors), ("Id", id)),
            _ => Results.NotFound(),
        };
    }

    private static DateOnly? Day(IFormCollection form, string name, FieldErrors errors)
    {
        if (form[name].ToString().Trim() is not { Length: > 0 } text) return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day;
        errors.Add(name, "must be a day such as 2027-03-01");
        return null;
    }

    private static FieldErrors One(string path, string message)
    {
        var errors = new FieldErrors();
        errors.Add(path, message);
        return errors;
    }
}
