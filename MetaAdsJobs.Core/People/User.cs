using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.Core.People;

/// <summary>Somebody who works with the service.</summary>
public sealed record User
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }

    /// <summary>As runs, the audit and approvals name who asked; in small letters, and it does not change.</summary>
    public required string Mail { get; init; }

    /// <summary>admin, manager or viewer.</summary>
    public required string Role { get; init; }

    /// <summary>Else those that are given, and those of the groups that are given.</summary>
    public required bool AllAccounts { get; init; }
    public IReadOnlyList<Grant> Accounts { get; init; } = [];
    public IReadOnlyList<Grant> Groups { get; init; } = [];
    public DateTimeOffset? DisabledAt { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>An account, or a group of them, that somebody may see.</summary>
/// <param name="MaySpend">And change things in, as far as the role allows it.</param>
public sealed record Grant(Guid Id, bool MaySpend);

/// <summary>How a key itself stands; that of a user who is disabled opens nothing in any case.</summary>
public enum KeyState
{
    Live,

    /// <summary>Its time was over before anybody revoked it.</summary>
    Expired,
    Revoked,
}

/// <summary>A key of a program that works for somebody; what it opens is never more than that person may see.</summary>
public sealed record ApiKey
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }

    /// <summary>Of its user.</summary>
    public required string Mail { get; init; }
    public required string Name { get; init; }

    /// <summary>How it begins.</summary>
    public required string Shown { get; init; }

    /// <summary>At the most; less when its user's is.</summary>
    public required string Role { get; init; }

    /// <summary>As its user; else those that are given, as far as its user has them.</summary>
    public required bool AllAccounts { get; init; }
    public IReadOnlyList<Grant> Accounts { get; init; } = [];
    public IReadOnlyList<Grant> Groups { get; init; } = [];
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>To the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

    public KeyState StateAt(DateTimeOffset now) => RevokedAt is not null ? KeyState.Revoked : ExpiresAt <= now ? KeyState.Expired : KeyState.Live;
    public string? RevokedBy { get; init; }
}

/// <summary>Accounts that are given together.</summary>
public sealed record AccountGroup
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public IReadOnlyList<Guid> AccountIds { get; init; } = [];
    public required DateTimeOffset CreatedAt { get; init; }

    /// <returns>Another one whenever its name or its accounts are others.</returns>
    public string Version() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name}\n{string.Join(' ', AccountIds)}")));
}
