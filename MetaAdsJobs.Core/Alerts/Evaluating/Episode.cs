namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>An object of an episode.</summary>
internal sealed record Member
{
    public required Guid AccountId { get; init; }
    public required string Object { get; init; }
    public string? Name { get; init; }
    public decimal? Value { get; init; }
    public decimal? Reference { get; init; }
    public DateTimeOffset? DataAt { get; init; }
    public required DateTimeOffset FiredAt { get; init; }

    /// <summary>Null while it fires.</summary>
    public DateTimeOffset? RecoveredAt { get; init; }
    public bool HasData { get; init; } = true;

    /// <summary>How often it has fired.</summary>
    public int Times { get; init; } = 1;

    /// <summary>The message that first told of it; null: none yet.</summary>
    public int? ToldIn { get; init; }

    public WatchedKey Key => new(AccountId, Object);
}

/// <summary>From the first object that fires to when all have been well for the cooldown.</summary>
internal sealed record Episode
{
    public required Guid Id { get; init; }

    /// <summary>Null: of all accounts together.</summary>
    public Guid? AccountId { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Since when all is well; null while something fires.</summary>
    public DateTimeOffset? QuietSince { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
    public string? ClosedWhy { get; init; }
    public int Messages { get; init; }
    public DateTimeOffset? LastMessageAt { get; init; }

    /// <summary>The accounts for which it was muted; null: it was not.</summary>
    public IReadOnlyCollection<Guid>? MutedFor { get; init; }

    /// <summary>The accounts of which those that listen to them alone were told since the last message.</summary>
    public IReadOnlyCollection<Guid> OpenedFor { get; init; } = [];
    public required IReadOnlyDictionary<WatchedKey, Member> Members { get; init; }

    /// <summary>Nobody is to hear of these: whoever has muted it has done so for their accounts. What joins it of others is told.</summary>
    public bool IsMutedFor(IEnumerable<Member> members) => MutedFor is { } muted && members.All(member => muted.Contains(member.AccountId));
}

/// <summary>An episode as an evaluation leaves it.</summary>
/// <param name="Changed">The members that are not as they were.</param>
/// <param name="Message">The event that tells of it; null: none.</param>
/// <param name="HeldBy">What kept a message back: cooldown or muted.</param>
internal sealed record EpisodeTurn(Episode Before, Episode After, IReadOnlyList<Member> Changed, string? Message, string? HeldBy)
{
    /// <summary>Without a message: the accounts that fire and of which nobody has heard yet.</summary>
    public IReadOnlyList<Guid> FirstOf => Message is null ? [.. After.OpenedFor.Except(Before.OpenedFor)] : [];
}
