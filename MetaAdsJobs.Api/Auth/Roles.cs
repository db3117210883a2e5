using System.Security.Claims;

namespace MetaAdsJobs.Api.Auth;

/// <summary>Who may do what: viewers read, managers also orchestrate and sync, admins also write accounts.</summary>
internal static class Roles
{
    public const string Admin = "admin";
    public const string Manager = "manager";
    public const string Viewer = "viewer";

    /// <summary>The subject of the caller's token; idempotency keys and audit lines go by it.</summary>
    public static string CallerName(this ClaimsPrincipal user) => user.FindFirstValue("sub") ?? user.Identity?.Name ?? "anonymous";
}

/// <summary>Names of the authorization policies.</summary>
internal static class Policies
{
    public const string Read = "read";
    public const string Operate = "operate";
    public const string Administer = "administer";
    public const string Dashboard = "dashboard";

    /// <summary>The console's pages, and what may be done there: like the three above, for browsers' sessions too.</summary>
    public const string Console = "console";
    public const string ConsoleOperate = "console operate";
    public const string ConsoleAdminister = "console administer";
}
