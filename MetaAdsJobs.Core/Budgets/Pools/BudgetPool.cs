namespace MetaAdsJobs.Core.Budgets.Pools;

/// <param name="MetaId">Meta's id of a campaign or an ad set.</param>
/// <param name="MinCents">What its owner allows a day, in hundredths of the account's currency; null: no bound of theirs.</param>
public sealed record BudgetPoolMember(string MetaId, long? MinCents, long? MaxCents);

/// <summary>Campaigns or ad sets of one account that share their money: each night it is proposed how it would be divided better.</summary>
public sealed record BudgetPool
{
    public const string Show = "show";
    public const string Ask = "ask";
    public const string Act = "act";
    public const string Campaigns = "campaign";
    public const string AdSets = "adset";

    public static readonly IReadOnlyList<string> Modes = [Show, Ask, Act];

    public required Guid Id { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Name { get; init; }

    /// <summary><see cref="Campaigns"/> or <see cref="AdSets"/>.</summary>
    public required string Level { get; init; }

    /// <summary><see cref="Show"/>, <see cref="Ask"/> or <see cref="Act"/>.</summary>
    public required string Mode { get; init; }

    /// <summary>Who gave it its mode: what it does by itself is asked for in their name.</summary>
    public required string ModeBy { get; init; }

    /// <summary>The key by which they did; null: by none.</summary>
    public Guid? ModeKey { get; init; }

    /// <summary>Why it asks although it was to act; null: somebody has given it the mode that it has.</summary>
    public string? ModeWhy { get; init; }

    /// <summary>How far a budget is moved a day, in percent: 1 to 20.</summary>
    public required int MaxStepPercent { get; init; }

    /// <summary>With less to be won nothing is proposed.</summary>
    public required decimal LeastGainPercent { get; init; }
    public required IReadOnlyList<BudgetPoolMember> Members { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>In whatever order.</summary>
    internal bool HasMembersOf(BudgetPool other) => Members.OrderBy(member => member.MetaId, StringComparer.Ordinal).SequenceEqual(other.Members.OrderBy(member => member.MetaId, StringComparer.Ordinal));
}
