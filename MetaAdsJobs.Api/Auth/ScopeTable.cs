using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using MetaAdsJobs.Api.Campaigns;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Jobs.Watching;

namespace MetaAdsJobs.Api.Auth;

/// <summary>How an address is kept to the accounts of who calls it.</summary>
internal abstract record RouteScope
{
    private RouteScope() { }

    /// <summary>What it reads and writes asks <see cref="AccountScope"/>: lists, and bodies that name accounts.</summary>
    public sealed record Asks : RouteScope;

    /// <summary>A thing by the id in the address, and all below that.</summary>
    /// <param name="MayBeNew">An id that is not there yet makes one.</param>
    public sealed record Of(Thing Thing, string Value, bool MayBeNew = false) : RouteScope;

    /// <summary>Of no account: of the caller alone, or the same for everybody.</summary>
    public sealed record Own : RouteScope;

    /// <summary>Of all accounts together: for who has all.</summary>
    public sealed record Everything : RouteScope;
}

/// <summary>
/// Every address with a role, and whose accounts it is kept to: the one list to read through. What stands in no line is closed to who has some accounts only, and a test that
/// walks the routes is red.
/// </summary>
internal static partial class ScopeTable
{
    private static readonly ConcurrentDictionary<string, string> Plains = new();

    // An address, or with /… behind an id, all that is below it. Ids are named as in their routes; letters are small.
    private static readonly Dictionary<string, RouteScope> Exact = new()
    {
        ["/meta/orchestrate/run"] = new RouteScope.Asks(), ["/meta/orchestrate/runs"] = new RouteScope.Asks(), ["/meta/orchestrate/batch"] = new RouteScope.Asks(), ["/meta/batches"] = new RouteScope.Asks(),
        ["/meta/campaigns"] = new RouteScope.Asks(), ["/meta/edits"] = new RouteScope.Asks(), ["/meta/due"] = new RouteScope.Asks(), ["/meta/approvals"] = new RouteScope.Asks(), ["/meta/freezes"] = new RouteScope.Asks(),
        ["/meta/insights"] = new RouteScope.Asks(), ["/meta/insights/rows"] = new RouteScope.Asks(), ["/meta/insights/changes"] = new RouteScope.Asks(), ["/meta/insights/days"] = new RouteScope.Asks(),
        ["/meta/insights/syncs"] = new RouteScope.Asks(), ["/meta/insights/nights"] = new RouteScope.Asks(), ["/meta/insights/nights/{night}"] = new RouteScope.Asks(),
        ["GET /meta/accounts"] = new RouteScope.Asks(), ["POST /meta/accounts"] = new RouteScope.Everything(), ["/meta/accounts/choices"] = new RouteScope.Everything(), ["/meta/clips"] = new RouteScope.Asks(), ["/meta/targeting"] = new RouteScope.Asks(), ["/meta/targeting/reach"] = new RouteScope.Asks(),
        ["/meta/stop"] = new RouteScope.Everything(), ["/meta/start"] = new RouteScope.Everything(), ["/meta/spending"] = new RouteScope.Everything(), ["/meta/changes"] = new RouteScope.Asks(),
        ["/meta/webhooks"] = new RouteScope.Asks(), ["/meta/alerts"] = new RouteScope.Asks(), ["/meta/alerts/rules"] = new RouteScope.Asks(), ["/meta/alerts/rules/try"] = new RouteScope.Asks(),
        ["/meta/budget-pools"] = new RouteScope.Asks(), ["/meta/budget-pools/backtest"] = new RouteScope.Asks(), ["/meta/budget-pools/simulate"] = new RouteScope.Own(), ["/meta/experiments/simulate"] = new RouteScope.Own(), ["/meta/experiments"] = new RouteScope.Asks(),
        ["/console"] = new RouteScope.Asks(), ["/console/runs"] = new RouteScope.Asks(), ["/console/runs/bulk/{order}"] = new RouteScope.Asks(), ["/console/runs/bulk/retry"] = new RouteScope.Asks(), ["/console/runs/bulk/cancel"] = new RouteScope.Asks(),
        ["/console/campaigns"] = new RouteScope.Asks(), ["/console/campaigns/bulk/pause"] = new RouteScope.Asks(), ["/console/campaigns/bulk/publish"] = new RouteScope.Asks(), ["/console/campaigns/adopt"] = new RouteScope.Asks(),
        ["/console/due"] = new RouteScope.Asks(), ["/console/approvals"] = new RouteScope.Asks(), ["/console/new"] = new RouteScope.Asks(), ["/console/batches"] = new RouteScope.Asks(), ["/console/batches/new"] = new RouteScope.Asks(),
        ["/console/numbers"] = new RouteScope.Asks(), ["/console/numbers/csv"] = new RouteScope.Asks(), ["/console/numbers/runs"] = new RouteScope.Asks(), ["/console/syncs"] = new RouteScope.Asks(),
        ["/console/experiments"] = new RouteScope.Asks(), ["/console/budgets"] = new RouteScope.Asks(), ["/console/budgets/new"] = new RouteScope.Asks(), ["/console/alerts"] = new RouteScope.Asks(), ["/console/alerts/rules"] = new RouteScope.Asks(),
        ["/console/alerts/rules/new"] = new RouteScope.Asks(), ["/console/accounts"] = new RouteScope.Asks(), ["/console/accounts/new"] = new RouteScope.Everything(), ["/console/accounts/all/stop"] = new RouteScope.Everything(),
        ["/console/accounts/all/start"] = new RouteScope.Everything(), ["/console/clips"] = new RouteScope.Asks(), ["/console/clips/new"] = new RouteScope.Asks(), ["/console/clips/file"] = new RouteScope.Asks(),
        ["/console/webhooks"] = new RouteScope.Asks(), ["/console/webhooks/new"] = new RouteScope.Asks(), ["/console/jobs"] = new RouteScope.Everything(),
        // That something has moved, and not what: the page then reads itself anew, and is kept to its reader's accounts.
        ["/console/live"] = new RouteScope.Own(), ["/console/audit"] = new RouteScope.Asks(), ["/console/audit/csv"] = new RouteScope.Asks(),
    };

    private static readonly (string Below, RouteScope Scope)[] Below =
    [
        ("/meta/orchestrate/runs/{requestid}", new RouteScope.Of(Thing.Run, "requestId")),
        ("/meta/orchestrate/sync-insights/{socialaccountid}", new RouteScope.Of(Thing.Account, "socialAccountId")),
        ("/meta/batches/{batchid}", new RouteScope.Of(Thing.Batch, "batchId")),
        ("/meta/accounts/{accountid}", new RouteScope.Of(Thing.Account, "accountId")),
        ("/meta/accounts/{id}", new RouteScope.Of(Thing.Account, "id")),
        ("/meta/campaigns/{id}", new RouteScope.Of(Thing.Campaign, "id")),
        ($"/meta/{CampaignEndpoints.AdSets}/{{id}}", new RouteScope.Of(Thing.AdSet, "id")),
        ("/meta/ads/{id}", new RouteScope.Of(Thing.Ad, "id")),
        ("/meta/edits/{editid}", new RouteScope.Of(Thing.Edit, "editId")),
        ("/meta/approvals/{id}", new RouteScope.Of(Thing.Approval, "id")),
        ("/meta/freezes/{id}", new RouteScope.Of(Thing.Freeze, "id")),
        ("/meta/insights/syncs/{syncid}", new RouteScope.Of(Thing.Sync, "syncId")),
        ("/meta/clips/{id}/file", new RouteScope.Of(Thing.Clip, "id", MayBeNew: true)),
        ("/meta/clips/{id}", new RouteScope.Of(Thing.Clip, "id")),
        ("/meta/webhooks/{id}", new RouteScope.Of(Thing.Webhook, "id")),
        ("/meta/alerts/rules/{id}", new RouteScope.Of(Thing.AlertRule, "id")),
        ("/meta/alerts/{id}", new RouteScope.Of(Thing.Alert, "id")),
        ("/meta/budget-pools/{id}", new RouteScope.Of(Thing.BudgetPool, "id")),
        ("/meta/experiments/{id}", new RouteScope.Of(Thing.Experiment, "id")),
        // A publisher's templates are of many accounts, and so is what its clips become.
        ("/meta/publishers", new RouteScope.Everything()),
        ("/meta/me", new RouteScope.Own()),
        ("/meta/users", new RouteScope.Everything()),
        ("/meta/keys", new RouteScope.Everything()),
        ("/meta/account-groups", new RouteScope.Everything()),
        ("/console/runs/{requestid}", new RouteScope.Of(Thing.Run, "requestId")),
        ("/console/campaigns/edits/{editid}", new RouteScope.Of(Thing.Edit, "editId")),
        ("/console/campaigns/{campaignid}", new RouteScope.Of(Thing.Campaign, "campaignId")),
        ("/console/approvals/{id}", new RouteScope.Of(Thing.Approval, "id")),
        ("/console/freezes/{id}", new RouteScope.Of(Thing.Freeze, "id")),
        ("/console/batches/{batchid}", new RouteScope.Of(Thing.Batch, "batchId")),
        ("/console/experiments/{id}", new RouteScope.Of(Thing.Experiment, "id")),
        ("/console/budgets/{id}", new RouteScope.Of(Thing.BudgetPool, "id")),
        ("/console/alerts/rules/{id}", new RouteScope.Of(Thing.AlertRule, "id")),
        ("/console/alerts/{id}", new RouteScope.Of(Thing.Alert, "id")),
        ("/console/accounts/{id}", new RouteScope.Of(Thing.Account, "id")),
        ("/console/clips/{id}", new RouteScope.Of(Thing.Clip, "id")),
        ("/console/webhooks/{id}", new RouteScope.Of(Thing.Webhook, "id")),
        ("/console/publishers", new RouteScope.Everything()),
        ("/console/people", new RouteScope.Everything()),
        ("/console/me", new RouteScope.Own()),
        // Jobs of all accounts, and what they say.
        ("/hangfire", new RouteScope.Everything()),
    ];

    // Pages with forms that make something spend, or let somebody: they ask before anything is typed.
    private static readonly HashSet<string> SpendingPages =
    [
        "/console/new", "/console/batches/new", "/console/accounts/new", "/console/accounts/{id}/edit", "/console/accounts/{id}/start", "/console/accounts/all/start", "/console/campaigns/{campaignid}/{order}/{metaid}", "/console/campaigns/bulk/publish", "/console/budgets/new", "/console/budgets/{id}/edit", "/console/people/new",
        "/console/people/{id}/edit", "/console/people/groups/new", "/console/people/groups/{id}", "/console/publishers/new", "/console/publishers/{id}/edit", "/console/publishers/{id}/templates/{account}", "/console/webhooks/new", "/console/webhooks/{id}/edit", "/console/alerts/rules/new", "/console/alerts/rules/{id}/edit",
    ];

    // Forms that do neither: they pause, stop, take away or give up, or only read or remember something. Whatever else a form does asks again, and so does one that nobody has thought of.
    private static readonly HashSet<string> Harmless =
    [
        "/console/accounts/{id}", "/console/accounts/{id}/stop", "/console/accounts/all/stop", "/console/alerts/{id}/acknowledge", "/console/approvals/{id}/reject", "/console/batches/{batchid}/pause", "/console/batches/{batchid}/cancel",
        "/console/budgets/{id}/remove", "/console/budgets/{id}/proposals/{proposalid}/decline", "/console/campaigns/bulk/pause", "/console/campaigns/edits/{editid}/cancel", "/console/clips/new", "/console/clips/file", "/console/due",
        "/console/experiments/{id}/stop", "/console/me/keys/{key}/revoke", "/console/me/sessions/{session}/end", "/console/people/{id}/disable", "/console/people/groups/{id}/remove", "/console/people/{id}/keys/{key}/revoke", "/console/people/{id}/sessions/{session}/end", "/console/publishers/{id}/off",
        "/console/publishers/{id}/remove", "/console/publishers/{id}/templates/{account}/remove", "/console/runs/{requestid}/cancel", "/console/runs/bulk/cancel", "/console/webhooks/{id}/off", "/console/webhooks/{id}/remove",
    ];

    // The stop switch, and the page with its button.
    private static readonly HashSet<string> Stops = ["/meta/stop", "/meta/accounts/{id}/stop", "/console/accounts/all/stop", "/console/accounts/{id}/stop"];

    /// <summary>Whether a second look is wanted at who it is, when that was shown long ago.</summary>
    public static bool IsSpending(RouteEndpoint endpoint, RouteValueDictionary values, bool isRead, string role)
    {
        var route = Plain(endpoint.RoutePattern.RawText ?? "");
        // A job that is put on the queue again may spend. Its buttons send by script and then read their page again, which asks.
        if (route.StartsWith("/hangfire", StringComparison.Ordinal)) return role == Roles.Admin && JobDashboard.Acts(values["path"] as string, isRead);
        if (string.Equals(values["order"] as string, "pause", StringComparison.OrdinalIgnoreCase)) return false;
        return isRead ? SpendingPages.Contains(route) : route.StartsWith("/console", StringComparison.Ordinal) && !Harmless.Contains(route);
    }

    /// <summary>Whether the form is on a page that is there for nothing else, where something is typed.</summary>
    public static bool HasPage(RouteEndpoint form) => SpendingPages.Contains(Plain(form.RoutePattern.RawText ?? ""));

    public static bool IsStop(Endpoint? endpoint) => endpoint is RouteEndpoint route && Stops.Contains(Plain(route.RoutePattern.RawText ?? ""));

    /// <returns>Null: it stands in no line.</returns>
    public static RouteScope? Find(RouteEndpoint endpoint)
    {
        var route = Plain(endpoint.RoutePattern.RawText ?? "");
        if (Exact.GetValueOrDefault(route) is { } exact) return exact;
        foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            if (Exact.GetValueOrDefault($"{method} {route}") is { } one) return one;
        return Below.FirstOrDefault(line => route == line.Below || route.StartsWith(line.Below + "/", StringComparison.Ordinal)).Scope;
    }

    /// <summary>A route without its constraints: /meta/accounts/{id}.</summary>
    private static string Plain(string route) => Plains.GetOrAdd(route, one => Constraint().Replace("/" + one.Trim('/').ToLowerInvariant(), "{$1}"));

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Constraint();
}
