using System.Security.Claims;

namespace MetaAdsJobs.Core.Access;

/// <summary>Who may do what: viewers read, managers also orchestrate and sync, admins also write accounts.</summary>
public static class Roles
{
    public const string Admin = "admin";
    public const string Manager = "manager";
    public const string Viewer = "viewer";

    /// <summary>The subject of the caller's token; idempotency keys and audit lines go by it.</summary>
    public static string CallerName(this ClaimsPrincipal user) => user.FindFirstValue("sub") ?? user.Identity?.Name ?? "anonymous";
}
