using System.Runtime.CompilerServices;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using Microsoft.AspNetCore.Authorization;

namespace MetaAdsJobs.Api.Auth;

/// <summary>
/// Behind this everything is read and done with the eyes of who calls (<see cref="AccountScope"/>), and an id of an account that those do not see is as if it were none. Who has
/// all accounts passes without a look at the database.
/// </summary>
internal sealed class ScopeGate(RequestDelegate next, ThingAccounts things, [FromKeyedServices(Connections.OfCallers)] ThingAccounts ofStops, TimeProvider time)
{
    /// <summary>So long after somebody has shown who he is he may open a form that makes something spend, and press a button that does.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>And so long may send what he has typed into a page of its own: it is not to be lost.</summary>
    private static readonly TimeSpan FreshToSend = TimeSpan.FromHours(2);

    private static readonly ConditionalWeakTable<Endpoint, StrongBox<RouteScope?>> Known = new();

    public async Task InvokeAsync(HttpContext http)
    {
        if (Caller.Of(http.User) is not { } caller)
        {
            await next(http);
            return;
        }

        var isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (caller.Session is { } session && time.GetUtcNow() - session.ConfirmedAt is var age && age > Fresh && http.GetEndpoint() is RouteEndpoint form && ScopeTable.IsSpending(form, http.Request.RouteValues, isRead, caller.Role)
            && (isRead || age > FreshToSend || !ScopeTable.HasPage(form)))
        {
            http.Response.Redirect($"/signin?confirm=true&returnUrl={Uri.EscapeDataString(isRead ? http.Request.Path + http.Request.QueryString : CameFrom(http.Request))}");
            return;
        }

        using var scope = AccountScope.Enter(caller, isRead ? caller.Sees : caller.Spends);
        if (caller.HasAllAccounts || await MayPassAsync(http, caller, isRead)) await next(http);
    }

    // The page with the button, to be pressed again; never another site.
    private static string CameFrom(HttpRequest request) =>
        Uri.TryCreate(request.Headers.Referer, UriKind.Absolute, out var page) && PathString.FromUriComponent(page).StartsWithSegments(request.PathBase, out var path) && path.StartsWithSegments(FailurePages.Home)
            ? path.ToUriComponent() + page.Query : FailurePages.Home;

    private async Task<bool> MayPassAsync(HttpContext http, Caller caller, bool isRead)
    {
        // What is open to strangers is no more closed to those who are known.
        if (http.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<IAuthorizeData>() is null && endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is null || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null) return true;
        // Who may spend nowhere changes nothing and makes nothing: what is not there yet would be of no account.
        if (!isRead && caller.Spends is { Count: 0 } && ScopeOf(endpoint) is RouteScope.Asks or RouteScope.Of { MayBeNew: true })
        {
            await ForbidAsync(http, "You may look only, and change nothing.");
            return false;
        }

        switch (ScopeOf(endpoint))
        {
            case RouteScope.Asks or RouteScope.Own:
                return true;
            case RouteScope.Of one:
                var id = http.GetRouteValue(one.Value)?.ToString() ?? "";
                var reach = await (ScopeTable.IsStop(endpoint) ? ofStops : things).ReachAsync(caller, one.Thing, id, http.RequestAborted);
                if (reach == Reach.Moved || (reach == Reach.Seen && isRead) || (reach == Reach.Unknown && one.MayBeNew)) return true;
                if (reach == Reach.Seen) await ForbidAsync(http, "You may look at this account, and change nothing in it.");
                else await HideAsync(http, one.Thing, id);
                return false;
            default:
                await ForbidAsync(http, "This is of all accounts together: for who may see all of them.");
                return false;
        }
    }

    private static RouteScope? ScopeOf(Endpoint endpoint) => Known.GetValue(endpoint, one => new(one is RouteEndpoint route ? ScopeTable.Find(route) : null)).Value;

    private static Task ForbidAsync(HttpContext http, string why) =>
        FailurePages.AreFor(http) || http.Request.Path.StartsWithSegments("/hangfire", StringComparison.Ordinal) ? SignInPage.WriteDeniedAsync(http, why) : Problems.Of(ProblemKind.Forbidden, why).ExecuteAsync(http);

    // The same for what there is not.
    private static Task HideAsync(HttpContext http, Thing thing, string id)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return FailurePages.AreFor(http) ? FailurePages.WriteStatusAsync(http) : Problems.NotFound(NameOf(thing), id).ExecuteAsync(http);
    }

    private static string NameOf(Thing thing) => thing switch
    {
        Thing.Account => "social account",
        Thing.AdSet => "ad set",
        Thing.Sync => "insights sync",
        Thing.AlertRule => "alert rule",
        Thing.BudgetPool => "budget pool",
        _ => thing.ToString().ToLowerInvariant(),
    };
}
