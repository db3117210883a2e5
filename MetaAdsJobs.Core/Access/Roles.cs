using System.Security.Claims;

namespace MetaAdsJobs.Core.Access;

/// <summary>Who may do what: viewers read, managers also orchestrate and sync, admins also write accounts.</summary>
public static class Roles
{
    public const string Admin = "admin";
    public const string Manager = "manager";
    public const string Viewer = "viewer";

    /// <summary>The most powerful first.</summary>
    public static readonly IReadOnlyList<string> All = [Admin, Manager, Viewer];

    /// <summary>The one of both that may do less.</summary>
    public static string Lesser(string one, string other) => All.Reverse().First(role => role == one || role == other);

    /// <summary>Who it is that calls: a user's mail, whichever key it is, or a token's subject; idempotency keys and audit lines go by it.</summary>
    public static string CallerName(this ClaimsPrincipal user) => user.FindFirstValue("sub") ?? user.Identity?.Name ?? "anonymous";

    /// <summary>Whose calls are counted together: each key's by themselves.</summary>
    public static string CallerShare(this ClaimsPrincipal user) => Caller.Of(user) is { KeyId: { } key, Session: null } ? $"key {key}" : $"user {user.CallerName()}";
}
