using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Core.Validation;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.People;

/// <summary>What admins do to users and their keys, and everybody to keys and sessions of their own, from a page.</summary>
internal static class PeopleActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["name", "mail", "role", "all_accounts", "see", "spend"];

    /// <summary>Before a group's id, in the lists of accounts and groups.</summary>
    public const string GroupMark = "group:";

    public static void MapPeopleActions(this IEndpointRouteBuilder console)
    {
        var people = console.MapGroup("/people").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Administer);
        people.MapPost("/new", AddAsync).WithOrder(-1);
        people.MapPost("/{id:guid}/edit", ChangeAsync).WithOrder(-1);
        people.MapPost("/{id:guid}", (Guid id, ApiKeyStore keys, HttpContext http) => IsKeys(http) ? Task.FromResult(Results.Forbid()) : MakeKeyAsync<UserPage>(id, $"/console/people/{id}", keys, http, ("Id", id))).WithOrder(-1);
        people.MapPost("/{id:guid}/link", LinkAsync);
        people.MapPost("/{id:guid}/disable", (Guid id, SaveUser save, HttpContext http) => SwitchAsync(id, true, save, http));
        people.MapPost("/{id:guid}/enable", (Guid id, SaveUser save, HttpContext http) => SwitchAsync(id, false, save, http));
        people.MapPost("/{id:guid}/keys/{key:guid}/revoke", async (Guid id, Guid key, ApiKeyStore keys, HttpContext http) =>
            await keys.RevokeAsync(key, id, http.User.CallerName(), http.RequestAborted) is PeopleSaved<ApiKey>.Done ? FormResults.Back(http, "The key opens nothing any more.") : Results.NotFound());
        people.MapPost("/{id:guid}/sessions/{session:guid}/end", async (Guid id, Guid session, SessionStore sessions, HttpContext http) => Caller.Of(http.User) is not { KeyId: null } admin ? Results.Forbid()
            : await sessions.EndOfAsync(id, session, admin, http.RequestAborted) ? FormResults.Back(http, "The session is over.") : Results.NotFound());
        var me = console.MapGroup("/me").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Read);
        // A session that was opened by a key makes no other key.
        me.MapPost("", (ApiKeyStore keys, HttpContext http) => Caller.Of(http.User) is { UserId: { } user, KeyId: null } ? MakeKeyAsync<MyPage>(user, "/console/me", keys, http) : Task.FromResult(Results.Forbid())).WithOrder(-1);
        me.MapPost("/keys/{key:guid}/revoke", async (Guid key, ApiKeyStore keys, HttpContext http) =>
            Caller.Of(http.User) is { } caller && await keys.RevokeOfAsync(caller, key, http.RequestAborted) is PeopleSaved<ApiKey>.Done ? FormResults.Back(http, "The key opens nothing any more.") : Results.NotFound());
        me.MapPost("/sessions/{session:guid}/end", async (Guid session, SessionStore sessions, HttpContext http) =>
            Caller.Of(http.User) is { } caller && await sessions.EndAsync(caller, session, "ended by its user", http.RequestAborted) ? FormResults.Back(http, "The session is over.") : Results.NotFound());
    }

    private static async Task<IResult> AddAsync(SaveUser save, HttpContext http)
    {
        var form = http.Request.Form;
        var body = Body(form);
        body["mail"] = form["mail"].ToString().Trim();
        return await save.CreateAsync(JsonSerializer.SerializeToElement(body), http.User.CallerName(), http.RequestAborted) switch
        {
            PeopleSaved<User>.Done done => FormResults.On(http, $"/console/people/{done.Value.Id}", "The user was added."),
            PeopleSaved<User>.Invalid invalid => FormResults.Again<UserFormPage>(FormValues.Posted(form, invalid.Errors)),
            _ => FormResults.Again<UserFormPage>(FormValues.Posted(form, One("mail", "is the mail of another user"))),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, SaveUser save, HttpContext http) =>
        await save.ChangeAsync(id, JsonSerializer.SerializeToElement(Body(http.Request.Form)), user => user.UpdatedAt == FormSeen.In(http.Request.Form), http.RequestAborted) switch
        {
            PeopleSaved<User>.Done => FormResults.On(http, $"/console/people/{id}", "The user was changed."),
            PeopleSaved<User>.Invalid invalid => FormResults.Again<UserFormPage>(FormValues.Posted(http.Request.Form, invalid.Errors), ("Id", id)),
            PeopleSaved<User>.Outdated => FormResults.Again<UserFormPage>(FormValues.Posted(http.Request.Form, FormSeen.Outdated("Somebody has changed this user since you opened it. Open it again to see what it is now.")), ("Id", id)),
            _ => Results.NotFound(),
        };

    private static async Task<IResult> SwitchAsync(Guid id, bool disabled, SaveUser save, HttpContext http)
    {
        if (await save.ChangeAsync(id, JsonSerializer.SerializeToElement(new { disabled }), http.RequestAborted) is not PeopleSaved<User>.Done) return Results.NotFound();
        return disabled ? FormResults.Back(http, "The user is disabled: keys and sessions open nothing.") : FormResults.Back(http, "The user is enabled again.");
    }

    // A key makes neither keys nor links.
    private static bool IsKeys(HttpContext http) => Caller.Of(http.User)?.KeyId is not null;

    private static async Task<IResult> LinkAsync(Guid id, SignInLinks links, HttpContext http, IStringLocalizer<Words> texts) => IsKeys(http) ? Results.Forbid() : await links.MakeAsync(id, http.RequestAborted) switch
    {
        PeopleSaved<User>.Done done => Shown(texts["A link that opens the console once, within a day"], $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}/signin/link?secret={done.Secret}", $"/console/people/{id}"),
        PeopleSaved<User>.Refused => FormResults.BackWithProblem(http, "The user is disabled: enable it first."),
        _ => Results.NotFound(),
    };

    private static async Task<IResult> MakeKeyAsync<TPage>(Guid userId, string onward, ApiKeyStore keys, HttpContext http, params (string Name, object? Value)[] route) where TPage : Microsoft.AspNetCore.Components.IComponent
    {
        var texts = http.RequestServices.GetRequiredService<IStringLocalizer<Words>>();
        var form = http.Request.Form;
        var body = new FormBody(form, emptyIsNull: false).Texts("name", "role").As(ApiKeyStore.ExpiresAtField, keys.ExpiresAfter, "must be a number of days from 1 to 36500");
        // Nothing ticked: whatever its user may.
        if (form["see"].Count + form["spend"].Count > 0) body.Node("accounts", Grants(form, ofGroups: false)).Node("groups", Grants(form, ofGroups: true));
        return await keys.CreateAsync(userId, body.ToJson(), http.User.CallerName(), http.RequestAborted) switch
        {
            PeopleSaved<ApiKey>.Done done => Shown(texts["The key"], done.Secret!, onward),
            PeopleSaved<ApiKey>.Invalid invalid => FormResults.Again<TPage>(body.Refused(invalid.Errors), route),
            PeopleSaved<ApiKey>.Refused => FormResults.BackWithProblem(http, "There can be no more keys of this user: revoke one first."),
            _ => Results.NotFound(),
        };
    }

    private static IResult Shown(string title, string secret, string onward) => FormResults.Shown<ShownSecretPage>(FormValues.Empty, ("Title", title), ("Secret", secret), ("Onward", onward));

    private static JsonObject Body(IFormCollection form)
    {
        var all = form["all_accounts"].ToString() == "true";
        return new JsonObject { ["name"] = form["name"].ToString().Trim(), ["role"] = form["role"].ToString(), ["all_accounts"] = all, ["accounts"] = all ? [] : Grants(form, ofGroups: false), ["groups"] = all ? [] : Grants(form, ofGroups: true) };
    }

    private static JsonArray Grants(IFormCollection form, bool ofGroups)
    {
        var spent = form["spend"].OfType<string>().ToHashSet();
        return [.. form["see"].OfType<string>().Where(one => one.StartsWith(GroupMark, StringComparison.Ordinal) == ofGroups)
            .Select(one => new JsonObject { ["id"] = ofGroups ? one[GroupMark.Length..] : one, ["may_spend"] = spent.Contains(one) })];
    }

    private static FieldErrors One(string path, string message)
    {
        var errors = new FieldErrors();
        errors.Add(path, message);
        return errors;
    }
}
