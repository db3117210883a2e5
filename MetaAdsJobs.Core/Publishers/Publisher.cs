namespace MetaAdsJobs.Core.Publishers;

/// <summary>A program that tells of clips it has published. Its signature is all that it has: it reads nothing, and makes only what templates say.</summary>
public sealed record Publisher
{
    public required Guid Id { get; init; }

    /// <summary>Part of the address that it posts to; it does not change.</summary>
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required bool IsOn { get; init; }

    /// <summary>Runs that it may begin by itself within 24 hours.</summary>
    public required int RunsPerDay { get; init; }

    /// <summary>The accounts that it has a template for: in no other it may make anything.</summary>
    public required Guid[] AccountIds { get; init; }

    /// <summary>Until when what is signed with a secret before the present one is taken, too.</summary>
    public DateTimeOffset? FormerSecretUntil { get; init; }

    /// <summary>How many of them are taken.</summary>
    public int FormerSecrets { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Runs that it has begun by itself within the last 24 hours.</summary>
    public int RunsToday { get; init; }

    /// <summary>Events that a person has to look at: refused, held or over a limit; counted up to one more than <see cref="MostCounted"/>.</summary>
    public int Open { get; init; }

    public const int MostCounted = 1000;

    /// <summary>Where it posts to.</summary>
    public string Url => $"/meta/events/clip-published?publisher={Name}";

    /// <summary>Who asks for its runs.</summary>
    internal string RequestedBy => $"publisher:{Name}";
}
