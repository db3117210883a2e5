using System.Security.Claims;

namespace MetaAdsJobs.Core.Access;

/// <summary>Who calls, resolved once per request from our tables, or from a token that was signed for a role.</summary>
/// <param name="Name">A user's mail, or a token's subject: what runs, approvals and the audit go by.</param>
/// <param name="Sees">The accounts that may be looked at; null: all.</param>
/// <param name="Spends">Those of them in which something may be changed; null: all.</param>
public sealed record Caller(string Name, string Role, IReadOnlySet<Guid>? Sees, IReadOnlySet<Guid>? Spends)
{
    public Guid? UserId { get; init; }

    public Guid? KeyId { get; init; }

    public string? KeyName { get; init; }

    /// <summary>Who stands behind that: whoever made the key or link by which somebody comes, and whoever made what it was made with.</summary>
    public IReadOnlyList<string> VouchedBy { get; init; } = [];

    /// <summary>At a browser.</summary>
    public CallerSession? Session { get; init; }

    public bool HasAllAccounts => Sees is null && Spends is null;

    /// <returns>Null when nobody has shown who it is.</returns>
    public static Caller? Of(ClaimsPrincipal user)
    {
        if (user.Identities.OfType<CallerIdentity>().FirstOrDefault() is { } resolved) return resolved.Caller;
        if (user.Identity?.IsAuthenticated != true) return null;
        return new(user.CallerName(), Roles.All.FirstOrDefault(user.IsInRole) ?? "", Sees: null, Spends: null);
    }
}

/// <param name="ConfirmedAt">When who it is was last proven.</param>
public sealed record CallerSession(Guid Id, DateTimeOffset ConfirmedAt, DateTimeOffset ExpiresAt);

/// <summary>An identity that our tables tell: with what it may see, which no claim could hold.</summary>
public sealed class CallerIdentity : ClaimsIdentity
{
    public CallerIdentity(Caller caller, string scheme) : base([new("sub", caller.Name), new("role", caller.Role)], scheme, "sub", "role") => Caller = caller;

    public Caller Caller { get; }
}
