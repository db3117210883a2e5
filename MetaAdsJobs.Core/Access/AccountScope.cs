namespace MetaAdsJobs.Core.Access;

/// <summary>
/// In which accounts whoever is served at the moment may look, or, where something is changed, spend: what reads or finds accounts' rows asks here, in SQL or in code. It
/// follows the call, however deep, and begins with each request; a worker serves nobody and has all.
/// </summary>
public static class AccountScope
{
    private static readonly AsyncLocal<Served?> Here = new();

    /// <summary>For SQL, as @Scope; null: all accounts.</summary>
    public static Guid[]? Accounts => Here.Value?.Accounts;

    /// <summary>Who is served; null in a worker.</summary>
    public static Caller? Caller => Here.Value?.Caller;

    public static bool IsAll => Accounts is null;

    /// <summary>
    /// Of so few accounts the newest of a list are taken of each from an index, and the newest of these: all accounts' would be walked through in their order first, which
    /// may be nearly all there are. Of more accounts that walk is the shorter one.
    /// </summary>
    public static bool IsFew => Accounts is { Length: <= MostOfFew };

    private const int MostOfFew = 200;

    /// <summary>As a SELECT that takes @Scope: the first rows of a table, of each account and then of all. Only where <see cref="IsFew"/>.</summary>
    /// <param name="columns">Of the table, those of the order with them.</param>
    /// <param name="table">Its name and its alias.</param>
    /// <param name="where">The alias's columns' conditions, joined by AND.</param>
    /// <param name="account">The column with the account, as the alias has it.</param>
    /// <param name="order">Of columns without an alias.</param>
    public static string OfEach(string columns, string table, string where, string account, string order, string limit) => $"""
        SELECT one.* FROM unnest(@Scope) AS mine (account)
        CROSS JOIN LATERAL (SELECT {columns} FROM {table} WHERE {account} = mine.account AND {where} ORDER BY {order} LIMIT {limit}) one
        ORDER BY {order} LIMIT {limit}
        """;

    /// <param name="account">Null: what is of all accounts.</param>
    public static bool Holds(Guid? account) => Here.Value?.Set is not { } set || (account is { } one && set.Contains(one));

    public static bool HoldsAll(IEnumerable<Guid>? accounts) => IsAll || (accounts is not null && accounts.All(account => Holds(account)));

    /// <summary>Those of a column, as the end of a WHERE that takes @Scope; nothing for all, so that their plans stay what they are.</summary>
    public static string And(string column) => IsAll ? "" : $" AND {Is(column)}";

    /// <summary>The same as a condition of its own.</summary>
    public static string Is(string column) => IsAll ? "true" : $"{column} = ANY (@Scope)";

    public static void AddTo(List<string> conditions, string column)
    {
        if (!IsAll) conditions.Add(Is(column));
    }

    /// <param name="accounts">Null: all.</param>
    /// <returns>Ends it.</returns>
    public static IDisposable Enter(Caller? caller, IReadOnlySet<Guid>? accounts)
    {
        var before = Here.Value;
        Here.Value = new(caller, accounts, accounts is null ? null : [.. accounts]);
        return new Exit(before);
    }

    /// <summary>For what one request begins and others share: it must not see with the eyes of the first.</summary>
    public static IDisposable EnterAll() => Enter(null, null);

    private sealed record Served(Caller? Caller, IReadOnlySet<Guid>? Set, Guid[]? Accounts);

    private sealed class Exit(Served? before) : IDisposable
    {
        public void Dispose() => Here.Value = before;
    }
}
